'use strict'

/**
 * A function of the user's whose fault must not cost a client its answer: where it throws, or its
 * promise rejects, a process warning says so, once, and the call gives undefined.
 *
 * @template {(...args: any[]) => any} F
 * @param {string} name of the option
 * @param {string} code of the warning
 * @param {F} fn
 * @returns {(...args: Parameters<F>) => ReturnType<F> | undefined}
 */
function userFunction (name, code, fn) {
  let hasWarned = false
  /** @param {unknown} error */
  const warn = (error) => {
    if (hasWarned) return
    hasWarned = true
    process.emitWarning(`${name} threw: ${error instanceof Error ? error.stack : error}`, { code })
  }
  return (...args) => {
    try {
      const result = fn(...args)
      if (typeof result?.then === 'function') result.then(undefined, warn)
      return result
    } catch (error) {
      warn(error)
    }
  }
}

module.exports = { userFunction }
