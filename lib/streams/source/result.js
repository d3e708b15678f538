'use strict'

const { describe } = require('../describe.js')

/**
 * @template {{ done?: boolean }} Result
 * @param {Result} result of an iterator or a web reader
 * @param {string} method that answered it
 * @returns {Result}
 * @throws {TypeError} when it is none
 */
function checkResult (result, method) {
  if ((typeof result === 'object' && result !== null) || typeof result === 'function') return result
  throw new TypeError(`${method} of the source must answer an object { done, value }, got ${describe(result)}`)
}

module.exports = { checkResult }
