'use strict'

const { warn } = require('../native/warn.js')

/**
 * Wraps a function of the user, so that its failure does not keep a client from getting its response. If the function
 * throws, the call returns undefined. The first failure, which may also be a rejected promise, emits a process warning.
 *
 * @template {(...args: any[]) => any} F
 * @param {string} name of the option
 * @param {string} code of the warning
 * @param {F} fn
 * @param {(...args: Parameters<F>) => void} [onFault] called after each failure, with the arguments of the call
 * @returns {(...args: Parameters<F>) => ReturnType<F> | undefined}
 */
function userFunction (name, code, fn, onFault = () => {}) {
  let hasWarned = false
  /**
   * @param {unknown} error
   * @param {Parameters<F>} args
   */
  const fail = (error, args) => {
    if (!hasWarned) warn(code, `${name} failed`, error)
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
 * For user functions whose result is needed at once. A promise would be taken for that result, and is always truthy.
 *
 * @template T
 * @param {T} answer
 * @returns {T}
 * @throws {TypeError} if the answer is a promise
 */
function settled (answer) {
  const promise = /** @type {any} */ (answer)
  if (typeof promise?.then !== 'function') return answer
  promise.then(undefined, () => {})
  throw new TypeError('it returned a promise, but must return its result synchronously')
}

module.exports = { settled, userFunction }
