'use strict'

const perfHooks = require('node:perf_hooks')

const { performance } = perfHooks
// Its types know the instance under the name of the class.
const PerformanceObserver = /** @type {any} */ (perfHooks.PerformanceObserver)

/** Long enough that one collection of a large heap is not taken for a process that does little else. */
const WINDOW_MS = 5000

/** The share of the last seconds that garbage collection held this thread up. */
module.exports = function gc () {
  if (!PerformanceObserver?.supportedEntryTypes?.includes('gc')) return { read: () => ({ gcRatio: null }) }
  let spent = 0
  const observer = new PerformanceObserver((/** @type {any} */ list) => add(list.getEntries()))
  observer.observe({ entryTypes: ['gc'] })
  /** At each reading: when, and what had been spent. The first is the last one before the window. */
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
      // A process that is younger than the window has spent nothing before.
      return { gcRatio: Math.min(1, (spent - first.spent) / Math.max(WINDOW_MS, at - first.at)) }
    },
    stop: () => observer.disconnect()
  }
}
