'use strict'

const perfHooks = require('node:perf_hooks')

const { performance } = perfHooks
// The types lack takeRecords() and the static property.
const PerformanceObserver = /** @type {any} */ (perfHooks.PerformanceObserver)

/** Long enough that a single collection of a large heap does not dominate the share. */
const WINDOW_MS = 5000

/** The share of the last seconds that garbage collection took on this thread. */
module.exports = function gc () {
  if (!PerformanceObserver?.supportedEntryTypes?.includes('gc')) return { read: () => ({ gcRatio: null }) }
  let spent = 0
  const observer = new PerformanceObserver((/** @type {any} */ list) => add(list.getEntries()))
  observer.observe({ entryTypes: ['gc'] })
  /**
   * When each reading was taken, and the time spent in garbage collection until then. The first is the last one before
   * the window.
   */
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
      // If the observation is younger than the window, the time before it counts as free of garbage collection.
      return { gcRatio: Math.min(1, (spent - first.spent) / Math.max(WINDOW_MS, at - first.at)) }
    },
    stop: () => observer.disconnect()
  }
}
