'use strict'

const { nearestName } = require('./nearest-name.js')
const { show } = require('./show.js')

/**
 * The `code` of an error that a wrong argument causes:
 * - `SPILLWAY_UNKNOWN_OPTION`: no option has that name.
 * - `SPILLWAY_INVALID_OPTION`: an option has the wrong type, or a value that is not allowed.
 * - `SPILLWAY_CONFLICTING_OPTIONS`: two options exclude each other, or an option requires another that is missing.
 * - `SPILLWAY_INVALID_ARGUMENT`: an argument that is not an option is wrong.
 * - `SPILLWAY_ALREADY_GUARDED`: `guard()` was called twice for one server.
 *
 * @typedef {'SPILLWAY_UNKNOWN_OPTION' | 'SPILLWAY_INVALID_OPTION' | 'SPILLWAY_CONFLICTING_OPTIONS' |
 *   'SPILLWAY_INVALID_ARGUMENT' | 'SPILLWAY_ALREADY_GUARDED'} ArgumentErrorCode
 */

/**
 * @typedef {import('./rows.js').OptionRow} OptionRow
 *
 * @typedef {object} Where the options are
 * @property {string} entry the entry point as the user knows it
 * @property {string} docs the page that lists the options
 * @property {string} prefix the path of an option that is an object; empty otherwise
 */

/**
 * @param {new (message: string) => Error} ErrorClass
 * @param {ArgumentErrorCode} code
 * @param {string} message
 */
function argumentError (ErrorClass, code, message) {
  return Object.assign(new ErrorClass(message), { code })
}

/**
 * @param {string} callee the function as the user knows it, such as `spillway/http: guard()`
 * @param {string} takes what the function takes
 * @param {unknown} value what it was given
 * @param {string} [hint] what to do instead, as a whole sentence
 */
function invalidArgument (callee, takes, value, hint = '') {
  const message = `${callee} takes ${takes}, got ${show(value)}`
  return argumentError(TypeError, 'SPILLWAY_INVALID_ARGUMENT', hint === '' ? message : `${message}. ${hint}`)
}

/**
 * @param {string} entry
 * @param {unknown} given what was passed in place of an object
 */
function invalidOptions (entry, given) {
  return argumentError(TypeError, 'SPILLWAY_INVALID_ARGUMENT', `${entry}: options must be an object, got ${show(given)}`)
}

/**
 * @param {Where} where
 * @param {string} name
 * @param {OptionRow} row
 * @param {unknown} value
 * @param {new (message: string) => Error} ErrorClass
 */
function invalidOption ({ entry, prefix }, name, row, value, ErrorClass) {
  const message = `${entry}: option "${prefix}${name}" takes ${row.takes}, got ${show(value)}`
  const why = ErrorClass === RangeError ? row.whyNot?.(value) : undefined
  return argumentError(ErrorClass, 'SPILLWAY_INVALID_OPTION', why === undefined ? message : `${message}: ${why}`)
}

/**
 * @param {Where} where
 * @param {Record<string, OptionRow>} table
 * @param {string} name
 */
function unknownOption ({ entry, docs, prefix }, table, name) {
  const near = nearestName(name, table)
  const help = near === undefined ? `; ${docs} lists the options` : `. Did you mean "${prefix}${near}"?`
  return argumentError(TypeError, 'SPILLWAY_UNKNOWN_OPTION', `${entry}: unknown option "${prefix}${name}"${help}`)
}

module.exports = { argumentError, invalidArgument, invalidOption, invalidOptions, unknownOption }
