'use strict'

/** The item comes later, through the receiver. @type {unique symbol} */
const WAIT = Symbol('wait')

/** There is no further item. @type {unique symbol} */
const END = Symbol('end')

/**
 * @template T
 * @typedef {T | typeof WAIT | typeof END} Answer
 */

module.exports = { WAIT, END }
