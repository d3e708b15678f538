'use strict'

/**
 * A function of the user's whose fault must not cost a client its answer: where it throws, or its
 * promise rejects, a process warning says so, once, and the call gives undefined.
 *
 * @template {(...args: any[]) => any} F
 * @param {string} name of the option
 * @param {string} code of the warning
 * @param {F} fn
 * @param {(...args: Parameters<F>) => void} [onFault] called after each fault with the arguments
 * @returns {(...args: Parameters<F>) => ReturnType<F> | undefined}
 */
function userFunction (name, code, fn, onFault = () => {}) {
  let hasWarned = false
  /**
   * @param {unknown} error
   * @param {Parameters<F>} args
   */
  const fail = (error, args) => {
    if (!hasWarned) process.emitWarning(`${name} threw: ${error instanceof Error ? error.stack : error}`, { code })
    hasWarned = true
    onFault(...args)
  }
  return (...args) => {
    try {
      const result = fn(...args)
      if (typeof result?.then === 'function') result.then(undefined, (/** @type {unknown} */ error) => fail(error, args))
      return result
    } catch (error) {
      fail(error, args)
    }
  }
}

/**
 * For the answer of a function that is asked in passing: a promise would be taken for a value.
 *
 * @template T
 * @param {T} answer
 * @returns {T}
 */
function settled (answer) {
  const promise = /** @type {any} */ (answer)
  if (typeof promise?.then !== 'function') return answer
  promise.then(undefined, () => {})
  throw new TypeError('it returned a promise, and the gate cannot wait')
}

module.exports = { settled, userFunction }
