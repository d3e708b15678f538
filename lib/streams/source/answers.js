'use strict'

/** The item arrives later, through the receiver. @type {unique symbol} */
const WAIT = Symbol('wait')

/** There are no more items. @type {unique symbol} */
const END = Symbol('end')

/**
 * @template T
 * @typedef {T | typeof WAIT | typeof END} Answer
 */

module.exports = { WAIT, END }
