'use strict'

const median = require('../median')

const WARM_UP_ROUNDS = 5

/**
 * Times calls in alternating rounds, so that a slowdown of the machine affects all of them equally.
 *
 * @param {Record<string, () => void>} candidates each runs its call `calls` times, in a loop of its own: in a shared
 *   loop they would share one call site, and V8 would inline none of them. `nothing` is the empty loop
 * @param {{ calls: number, rounds: number }} settings
 * @returns {Promise<Record<string, number>>} ns per call: medians of the rounds, minus that of the empty loop
 */
async function alternate (candidates, { calls, rounds }) {
  const times = Object.fromEntries(Object.keys(candidates).map(name => [name, []]))
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const [name, run] of Object.entries(candidates)) {
      await twoTurns()
      const startNs = process.hrtime.bigint()
      run()
      if (round >= 0) times[name].push(Number(process.hrtime.bigint() - startNs) / calls)
    }
  }
  const { nothing, ...measured } = times
  const nothingNs = median(nothing)
  return Object.fromEntries(Object.entries(measured).map(([name, ns]) => [name, median(ns) - nothingNs]))
}

/** Some calls read the length of the last turn. After two turns, the last turn is not that of the previous round. */
async function twoTurns () {
  for (let turn = 0; turn < 2; turn++) await new Promise(resolve => setImmediate(resolve))
}

module.exports = alternate
