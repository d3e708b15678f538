'use strict'

const assert = require('node:assert/strict')
const { nextTurn } = require('./block.js')

/** Far longer than a loaded machine needs, and below Mocha's own limit. */
const LONGEST_MS = 15_000

/**
 * Waits until a condition holds, which it checks on each turn of the event loop.
 *
 * @template T
 * @param {() => T | Promise<T>} condition
 * @param {() => string} [describe] describes the failure if the condition never holds
 * @param {number} [longestMs]
 * @returns {Promise<T>} the first truthy value of the condition
 */
async function until (condition, describe = () => String(condition), longestMs = LONGEST_MS) {
  const begin = performance.now()
  for (;;) {
    const value = await condition()
    if (value) return value
    assert.ok(performance.now() - begin < longestMs, `timed out after ${longestMs} ms: ${describe()}`)
    await nextTurn()
  }
}

/**
 * Checks on each turn of the event loop that a condition keeps holding.
 *
 * @param {() => boolean} condition
 * @param {number} forMs
 */
async function remains (condition, forMs) {
  for (const begin = performance.now(); performance.now() - begin < forMs; await nextTurn()) {
    assert.ok(condition(), `no longer true: ${condition}`)
  }
}

module.exports = { until, remains }
