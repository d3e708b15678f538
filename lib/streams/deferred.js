'use strict'

/**
 * @template T
 * @typedef {object} Deferred
 * @property {Promise<T>} promise
 * @property {(value: T) => void} resolve
 * @property {(reason: unknown) => void} reject
 */

/**
 * `Promise.withResolvers`, which Node 20 lacks.
 *
 * @template T
 * @returns {Deferred<T>}
 */
function defer () {
  const deferred = /** @type {Deferred<T>} */ ({})
  deferred.promise = new Promise((resolve, reject) => {
    deferred.resolve = resolve
    deferred.reject = reject
  })
  return deferred
}

module.exports = { defer }
