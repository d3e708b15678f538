'use strict'

const path = require('node:path')

const alternate = require('./alternate')
const answer = require('../child/answer')

const CALLS = 200_000

let sum = 0

/**
 * ns per call of the toobusy functions.
 *
 * @param {{ rounds: number, root: string }} settings `root`: the checkout of spillway to measure
 * @returns {Promise<Record<string, number>>}
 */
async function measureCalls ({ rounds, root }) {
  const toobusy = require(path.join(root, 'lib', 'index.js'))
  const candidates = {
    nothing () { for (let i = 0; i < CALLS; i++) sum += i & 1 },
    'toobusy()' () { for (let i = 0; i < CALLS; i++) sum += toobusy() ? 1 : 0 },
    'lag()' () { for (let i = 0; i < CALLS; i++) sum += toobusy.lag() },
    'delay()' () { for (let i = 0; i < CALLS; i++) sum += toobusy.delay() }
  }
  const ns = await alternate(candidates, { calls: CALLS, rounds })
  // Without a use of the results, V8 could drop the calls.
  if (!Number.isFinite(sum)) throw new Error('a call returned no number')
  return ns
}

answer(measureCalls)
