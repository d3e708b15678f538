'use strict'

/**
 * @template T
 * @param {T | PromiseLike<T>} value
 * @returns {value is PromiseLike<T>}
 */
function isThenable (value) {
  return ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (/** @type {any} */ (value).then) === 'function'
}

module.exports = { isThenable }
