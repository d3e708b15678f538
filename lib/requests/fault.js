'use strict'

let hasWarned = false

/**
 * Reports an error in code that Node calls in the middle of its own work, where throwing would end the process. Only the
 * first error is reported.
 *
 * @param {unknown} error
 */
function reportFault (error) {
  if (hasWarned) return
  hasWarned = true
  process.emitWarning(
    `spillway could not track a request or a connection; please report this: ${error instanceof Error ? error.stack : error}`,
    { type: 'SpillwayWarning', code: 'SPILLWAY_INTERNAL' })
}

module.exports = { reportFault }
