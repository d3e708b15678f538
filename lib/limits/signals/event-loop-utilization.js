'use strict'

const { performance } = require('node:perf_hooks')

/** The share of the time since the last reading in which the loop was not asleep. */
module.exports = function eventLoopUtilization () {
  let last = performance.eventLoopUtilization?.()
  return {
    read () {
      if (last === undefined) return { eventLoopUtilization: null }
      const now = performance.eventLoopUtilization()
      const { utilization } = performance.eventLoopUtilization(now, last)
      last = now
      // Of no time at all there is no share.
      return { eventLoopUtilization: Number.isFinite(utilization) ? utilization : 0 }
    }
  }
}
