'use strict'

/** The item comes later, through the receiver. @type {unique symbol} */
const WAIT = Symbol('wait')

/** There is no further item. @type {unique symbol} */
const END = Symbol('end')

module.exports = { WAIT, END }
