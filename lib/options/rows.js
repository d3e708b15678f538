'use strict'

/**
 * @typedef {object} OptionRow
 * @property {string} takes what a value may be, for the error message and the documentation
 * @property {(value: any) => boolean} hasType
 * @property {(value: any) => boolean} [inRange]
 * @property {any} [default]
 */

/** @type {OptionRow} */
const functionRow = { takes: 'a function', hasType: isFunction }

/** @type {OptionRow} */
const booleanRow = { takes: 'true or false', hasType: (value) => typeof value === 'boolean', default: false }

/** @param {unknown} value */
function isNumber (value) {
  return typeof value === 'number' && !Number.isNaN(value)
}

/** @param {unknown} value */
function isFunction (value) {
  return typeof value === 'function'
}

module.exports = { booleanRow, functionRow, isFunction, isNumber }
