'use strict'

const Random = require('../../test/simulator/random')

const SEED = 7

/**
 * Deals values in random order, like cards: each value once before any comes again. So their mean over a few hundred requests
 * is exact, and the measured capacity does not depend on chance.
 *
 * @param {number[]} values
 * @returns {() => number}
 */
function createDeck (values) {
  const random = new Random(SEED)
  let left = []
  return () => {
    if (left.length === 0) left = [...values]
    const i = Math.floor(random.uniform() * left.length)
    const [value] = left.splice(i, 1)
    return value
  }
}

module.exports = createDeck
