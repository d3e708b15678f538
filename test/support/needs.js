'use strict'

/**
 * Skips a test, and reports the reason, if the machine lacks something that the test needs. CI sets MAY_LACK to a list of
 * the things that its machine may lack (separated by commas; it may be empty). A test that lacks anything else then fails.
 *
 * @param {Mocha.Context} context `this` of the test or hook
 * @param {string} what
 * @param {boolean} isThere
 */
function needs (context, what, isThere) {
  if (isThere) return
  const mayLack = process.env.MAY_LACK?.split(',')
  if (mayLack?.includes(what) === false) throw new Error(`it needs ${what}`)
  console.log(`      skipped, because it needs ${what}:`)
  context.skip()
}

module.exports = { needs }
