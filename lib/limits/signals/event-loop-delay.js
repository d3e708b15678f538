'use strict'

const { binding } = require('../../native/binding.js')

/** How late the loop was for what came at any moment of the sample, by the length of each turn. */
module.exports = function eventLoopDelay () {
  const take = binding.createLoopDelay()
  return {
    read () {
      const { mean, p99, max } = take()
      return { eventLoopDelay: p99, eventLoopDelayMean: mean, eventLoopDelayMax: max }
    },
    stop: () => take.stop?.()
  }
}
