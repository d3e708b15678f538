'use strict'

let hasWarned = false

/**
 * For what Node calls of this package in the middle of its own work: if that threw, it would end the process.
 * A process warning tells of it, once.
 *
 * @param {unknown} error
 */
function reportFault (error) {
  if (hasWarned) return
  hasWarned = true
  process.emitWarning(
    `a request or a connection could not be followed; please report this: ${error instanceof Error ? error.stack : error}`,
    { type: 'SpillwayWarning', code: 'SPILLWAY_INTERNAL' })
}

module.exports = { reportFault }
