'use strict'

/**
 * How one option is checked. A value of the wrong type causes a TypeError; a value that has the right type but is not
 * allowed causes a RangeError.
 *
 * @typedef {object} OptionRow
 * @property {string} takes which values are allowed, for error messages and the documentation
 * @property {(value: any) => boolean} hasType
 * @property {(value: any) => boolean} [inRange] called only for values of the right type
 * @property {(value: any) => string} [whyNot] what is wrong with a value that is not in range, for the error message
 * @property {any} [default]
 * @property {boolean} [required]
 * @property {Record<string, OptionRow>} [members] of an option that is itself an object of options
 * @property {string[]} [otherNames] what the option is called elsewhere: in another package, or here in the past. Error
 *   messages use them to suggest the right name
 */

/** Node.js replaces a longer timer delay with 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1
/** The name of a header field (RFC 9110, section 5.1). */
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/i

/** @type {OptionRow} */
const functionRow = { takes: 'a function', hasType: isFunction }

/** @type {OptionRow} */
const booleanRow = { takes: 'true or false', hasType: (value) => typeof value === 'boolean', default: false }

/** @type {OptionRow} */
const stringRow = { takes: 'a string', hasType: isString }

/** @type {OptionRow} */
const positiveMsRow = {
  takes: `a number of ms above 0, up to ${LONGEST_TIMER_MS}`,
  hasType: isNumber,
  inRange: (value) => value > 0 && value <= LONGEST_TIMER_MS
}

/**
 * @param {number} least
 * @returns {OptionRow} for the delay of a timer
 */
function msRow (least) {
  return {
    takes: `a number of ms from ${least} to ${LONGEST_TIMER_MS}`,
    hasType: isNumber,
    inRange: (value) => value >= least && value <= LONGEST_TIMER_MS
  }
}

/**
 * @param {number} least
 * @param {number} [most]
 * @returns {OptionRow}
 */
function wholeNumberRow (least, most = Number.MAX_SAFE_INTEGER) {
  return {
    takes: most === Number.MAX_SAFE_INTEGER ? `a whole number from ${least} up` : `a whole number from ${least} to ${most}`,
    hasType: isNumber,
    inRange: (value) => Number.isInteger(value) && value >= least && value <= most
  }
}

/**
 * @param {number} least
 * @returns {OptionRow}
 */
function wholeNumberOrInfinityRow (least) {
  const { takes, hasType, inRange } = wholeNumberRow(least)
  return {
    takes: `${takes}, or Infinity`,
    hasType,
    inRange: (value) => value === Infinity || inRange?.(value) === true
  }
}

/**
 * @param {string[]} words
 * @returns {OptionRow}
 */
function oneOfRow (...words) {
  return {
    takes: words.map((word) => `'${word}'`).join(' or '),
    hasType: isString,
    inRange: (value) => words.includes(value)
  }
}

/** @param {unknown} value */
function isNumber (value) {
  return typeof value === 'number' && !Number.isNaN(value)
}

/** @param {unknown} value */
function isString (value) {
  return typeof value === 'string'
}

/** @param {unknown} value */
function isFunction (value) {
  return typeof value === 'function'
}

/** @param {unknown} value */
function isFieldName (value) {
  return isString(value) && FIELD_NAME.test(/** @type {string} */ (value))
}

/** @param {unknown} value */
function isArrayOfStrings (value) {
  return Array.isArray(value) && value.every(isString)
}

/** @param {unknown} value */
function isPlainObject (value) {
  return typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value))
}

/** @param {string} path which may end in `*` */
function isPathPattern (path) {
  return path.startsWith('/') && !path.slice(0, -1).includes('*')
}

module.exports = {
  LONGEST_TIMER_MS,
  booleanRow,
  functionRow,
  isArrayOfStrings,
  isFieldName,
  isFunction,
  isNumber,
  isPathPattern,
  isPlainObject,
  isString,
  msRow,
  oneOfRow,
  positiveMsRow,
  stringRow,
  wholeNumberOrInfinityRow,
  wholeNumberRow
}
