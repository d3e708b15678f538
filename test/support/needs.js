'use strict'

/**
 * Skips a test, and says why, where the machine lacks what it needs. CI sets MAY_LACK to what its machine may lack
 * (separated by commas; it may be empty): there, a test that lacks anything else fails.
 *
 * @param {Mocha.Context} context `this` of the test or hook
 * @param {string} what
 * @param {boolean} isThere
 */
function needs (context, what, isThere) {
  if (isThere) return
  const mayLack = process.env.MAY_LACK?.split(',')
  if (mayLack?.includes(what) === false) throw new Error(`it needs ${what}`)
  console.log(`      skipped, as it needs ${what}:`)
  context.skip()
}

module.exports = { needs }
