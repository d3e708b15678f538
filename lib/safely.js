'use strict'

let hasWarned = false

/**
 * A function of this package's that Node calls in the middle of its own work: what it throws would end the
 * process, and no fault of ours may. It is told of by a process warning, once.
 *
 * @template {(first: any, second?: any) => void} F
 * @param {F} fn
 * @returns {F}
 */
function safely (fn) {
  /** @this {any} @param {any} first @param {any} second */
  function call (first, second) {
    try {
      fn.call(this, first, second)
    } catch (error) {
      warn(error)
    }
  }
  return /** @type {F} */ (call)
}

/** @param {unknown} error */
function warn (error) {
  if (hasWarned) return
  hasWarned = true
  process.emitWarning(
    `a request or a connection could not be followed; please report this: ${error instanceof Error ? error.stack : error}`,
    { type: 'SpillwayWarning', code: 'SPILLWAY_INTERNAL' })
}

module.exports = { safely }
