'use strict'

/**
 * Emits a process warning. docs/operating.md lists the codes, with what to do about each.
 *
 * @param {string} code
 * @param {string} message
 * @param {unknown} [cause] an error, whose stack is appended
 */
function warn (code, message, cause) {
  const text = cause === undefined ? message : `${message}: ${cause instanceof Error ? cause.stack : cause}`
  process.emitWarning(text, { type: 'SpillwayWarning', code })
}

module.exports = { warn }
