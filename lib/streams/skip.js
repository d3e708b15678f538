'use strict'

/**
 * A handler that returns it leaves its item out of the results.
 *
 * @type {unique symbol}
 */
const skip = Symbol.for('spillway/stream.skip')

module.exports = { skip }
