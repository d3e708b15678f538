'use strict'

/** The share of the time since the last reading in which the event loop was not idle. */
module.exports = function eventLoopUtilization () {
  let last = performance.eventLoopUtilization?.()
  return {
    read () {
      if (last === undefined) return { eventLoopUtilization: null }
      const now = performance.eventLoopUtilization()
      const { utilization } = performance.eventLoopUtilization(now, last)
      last = now
      // The utilization is NaN if no time has passed.
      return { eventLoopUtilization: Number.isFinite(utilization) ? utilization : 0 }
    }
  }
}
