'use strict'

const { show } = require('../../options/show.js')

/**
 * @template {{ done?: boolean }} Result
 * @param {Result} result of an iterator or a web reader
 * @param {string} method that returned it
 * @returns {Result}
 * @throws {TypeError} if it is not an object
 */
function checkResult (result, method) {
  if ((typeof result === 'object' && result !== null) || typeof result === 'function') return result
  throw new TypeError(`spillway/stream: ${method} of the source must return an object { done, value }, got ${show(result)}`)
}

module.exports = { checkResult }
