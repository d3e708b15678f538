'use strict'

const answer = require('../child/answer')
const median = require('../median')
const toobusy = require('../../lib/index')

const CALLS = 200_000
const WARM_UP_ROUNDS = 5

let kept = 0

// A loop of its own for each, or they would share one call site and none be inlined.
const candidates = {
  nothing () { for (let i = 0; i < CALLS; i++) kept += i & 1 },
  'toobusy()' () { for (let i = 0; i < CALLS; i++) kept += toobusy() ? 1 : 0 },
  'lag()' () { for (let i = 0; i < CALLS; i++) kept += toobusy.lag() },
  'delay()' () { for (let i = 0; i < CALLS; i++) kept += toobusy.delay() }
}

/**
 * ns of each call of the toobusy API, in alternating rounds. Between rounds the loop turns, as it does in a server.
 *
 * @param {{ rounds: number }} settings
 * @returns {Promise<Record<string, number>>} medians, less those of an empty loop
 */
async function measureCalls ({ rounds }) {
  const times = Object.fromEntries(Object.keys(candidates).map(name => [name, []]))
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const [name, run] of Object.entries(candidates)) {
      await new Promise(resolve => setImmediate(resolve))
      const beganNs = process.hrtime.bigint()
      run()
      if (round >= 0) times[name].push(Number(process.hrtime.bigint() - beganNs) / CALLS)
    }
  }
  if (!Number.isFinite(kept)) throw new Error('the results were lost')
  const nothingNs = median(times.nothing)
  return Object.fromEntries(Object.entries(times).map(([name, ns]) => [name, median(ns) - nothingNs]))
}

answer(measureCalls)
