'use strict'

const { binding } = require('../../native/binding.js')

/**
 * Event-loop delay: how long an event at a random moment of the sample had to wait. It is calculated from the length of
 * each turn.
 */
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
