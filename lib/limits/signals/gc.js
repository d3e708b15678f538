'use strict'

const perfHooks = require('node:perf_hooks')

const { performance } = perfHooks
// The types lack takeRecords() and the static property.
const PerformanceObserver = /** @type {any} */ (perfHooks.PerformanceObserver)

/** Long enough that one collection of a large heap does not look like a process that does little else. */
const WINDOW_MS = 5000

/** The share of the last seconds in which garbage collection paused this thread. */
module.exports = function gc () {
  if (!PerformanceObserver?.supportedEntryTypes?.includes('gc')) return { read: () => ({ gcRatio: null }) }
  let spent = 0
  const observer = new PerformanceObserver((/** @type {any} */ list) => add(list.getEntries()))
  observer.observe({ entryTypes: ['gc'] })
  /** The time of each reading, and the time spent until then. The first is the latest one before the window. */
  const readings = [{ at: performance.now(), spent }]

  /** @param {{ duration: number }[]} entries */
  function add (entries) {
    for (const { duration } of entries) spent += duration
  }

  return {
    read () {
      add(observer.takeRecords())
      const at = performance.now()
      while (readings.length > 1 && readings[1].at <= at - WINDOW_MS) readings.shift()
      const first = readings[0]
      readings.push({ at, spent })
      // A process younger than the window has spent no time before.
      return { gcRatio: Math.min(1, (spent - first.spent) / Math.max(WINDOW_MS, at - first.at)) }
    },
    stop: () => observer.disconnect()
  }
}
