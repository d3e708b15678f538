'use strict'

const Random = require('../../test/simulator/random')

const SEED = 1

/**
 * Describes every load as a sequence of phases; most loads have one.
 *
 * @param {import('./').Load} load
 * @returns {import('./').Load} with `phases`, and with their total length as `durationMs`
 */
function withPhases (load) {
  const phases = load.phases ?? [{ rate: load.rate, durationMs: load.durationMs }]
  return { ...load, phases, durationMs: phases.reduce((sum, { durationMs }) => sum + durationMs, 0) }
}

/**
 * The start times of requests, without end. The warm-up precedes the first phase at its rate; the last phase continues.
 *
 * @param {{ rate: number, durationMs: number }[]} phases rates in requests per second
 * @param {number} warmupMs
 * @param {'even' | 'poisson'} [arrivals] the intervals within a phase: all equal, or independent and exponentially
 *   distributed, from a seed, so that all runs at the same rate are the same
 * @returns {Generator<number, never>} ms since the start of the warm-up
 */
function * dueTimes (phases, warmupMs, arrivals = 'even') {
  const intervals = arrivals === 'poisson' ? poisson : even
  let fromMs = 0
  for (const [i, { rate, durationMs }] of phases.entries()) {
    const untilMs = i === phases.length - 1 ? Infinity : fromMs + durationMs + (i === 0 ? warmupMs : 0)
    for (const sinceMs of intervals(1000 / rate)) {
      if (fromMs + sinceMs >= untilMs) break
      yield fromMs + sinceMs
    }
    fromMs = untilMs
  }
}

function * even (intervalMs) {
  for (let n = 0; ; n++) yield n * intervalMs
}

function * poisson (meanMs) {
  const random = new Random(SEED)
  for (let ms = random.exponential(meanMs); ; ms += random.exponential(meanMs)) yield ms
}

module.exports = { dueTimes, withPhases }
