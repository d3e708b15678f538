'use strict'

/**
 * @template T
 * @typedef {object} Deferred
 * @property {Promise<T>} promise
 * @property {(value: T) => void} resolve
 * @property {(reason: unknown) => void} reject
 */

/**
 * The same as `Promise.withResolvers()`, which Node.js 20 does not have.
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
