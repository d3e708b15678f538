'use strict'

/**
 * A handler returns this symbol to leave its item out of the results.
 *
 * @type {unique symbol}
 */
const skip = Symbol.for('spillway/stream.skip')

module.exports = { skip }
