'use strict'

const v8 = require('node:v8')

/** V8's heap of this thread, in bytes and as a share of its limit. */
module.exports = function heap () {
  return {
    read () {
      const { used_heap_size: used, heap_size_limit: limit } = v8.getHeapStatistics()
      return { heapUsedBytes: used, heapUsedRatio: limit > 0 ? used / limit : null }
    }
  }
}
