'use strict'

const { show } = require('./show.js')

/**
 * The `code` of an error that a wrong argument causes:
 * - `SPILLWAY_UNKNOWN_OPTION`: no option has that name.
 * - `SPILLWAY_INVALID_OPTION`: an option has the wrong type, or a value that is not allowed.
 * - `SPILLWAY_CONFLICTING_OPTIONS`: two options exclude each other, or one needs another that is missing.
 * - `SPILLWAY_INVALID_ARGUMENT`: an argument that is not an option is wrong.
 * - `SPILLWAY_ALREADY_GUARDED`: `guard()` was called twice for one server.
 *
 * @typedef {'SPILLWAY_UNKNOWN_OPTION' | 'SPILLWAY_INVALID_OPTION' | 'SPILLWAY_CONFLICTING_OPTIONS' |
 *   'SPILLWAY_INVALID_ARGUMENT' | 'SPILLWAY_ALREADY_GUARDED'} ArgumentErrorCode
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

module.exports = { argumentError, invalidArgument }
