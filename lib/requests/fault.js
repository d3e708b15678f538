'use strict'

let hasWarned = false

/**
 * Reports, once, an error in code that Node calls in the middle of its own work. Throwing there would end the process.
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
