'use strict'

const { warn } = require('../native/warn.js')

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
  warn('SPILLWAY_INTERNAL', 'spillway could not track a request or a connection; please report this', error)
}

module.exports = { reportFault }
