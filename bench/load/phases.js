'use strict'

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
 * @returns {Generator<number, never>} ms since the start of the warm-up
 */
function * dueTimes (phases, warmupMs) {
  let fromMs = 0
  for (const [i, { rate, durationMs }] of phases.entries()) {
    const untilMs = i === phases.length - 1 ? Infinity : fromMs + durationMs + (i === 0 ? warmupMs : 0)
    for (let n = 0, dueMs = fromMs; dueMs < untilMs; dueMs = fromMs + ++n * 1000 / rate) yield dueMs
    fromMs = untilMs
  }
}

module.exports = { dueTimes, withPhases }
