'use strict'

const { show } = require('../options/show.js')
const { isThenable } = require('./thenable.js')

/**
 * What to do about a failed item: end the job, leave the item out, or deliver a value in its place.
 *
 * @template R
 * @typedef {'stop' | 'skip' | { value: R }} ErrorAction
 */

/**
 * A result with `onError: 'settle'`.
 *
 * @template R
 * @typedef {{ status: 'fulfilled', value: R, index: number } | { status: 'rejected', reason: unknown, index: number }} Settled
 */

/**
 * @template T, R
 * @callback OnError
 * @param {unknown} error
 * @param {{ item: T, index: number }} failed
 * @returns {ErrorAction<R> | PromiseLike<ErrorAction<R>>}
 */

/** Decides what to do about failed items, and keeps the errors that `'collect'` reports at the end. */
class ErrorPolicy {
  #onError
  #maxErrors
  #count = 0
  /** @type {{ index: number, error: Error }[]} */
  #kept = []

  /**
   * @param {'stop' | 'collect' | 'continue' | 'settle' | OnError<any, any>} onError
   * @param {number} maxErrors
   */
  constructor (onError, maxErrors) {
    this.#onError = onError
    this.#maxErrors = maxErrors
  }

  /**
   * @param {unknown} error
   * @param {import('./item.js').Item<any>} failed
   * @returns {ErrorAction<any> | PromiseLike<ErrorAction<any>>}
   * @throws {TypeError} if `onError` returns anything else. An error that `onError` throws is rethrown
   */
  judge (error, { value: item, index }) {
    switch (this.#onError) {
      case 'stop': return 'stop'
      case 'continue': return 'skip'
      case 'settle': return { value: { status: 'rejected', reason: error, index } }
      case 'collect':
        this.#count++
        if (this.#kept.length < this.#maxErrors) this.#kept.push({ index, error: labelled(error, item, index) })
        return 'skip'
    }
    const action = this.#onError(error, { item, index })
    return isThenable(action) ? Promise.resolve(action).then(checked) : checked(action)
  }

  /**
   * @param {{ error: unknown } | undefined} ofSource the error of the source, if it failed
   * @returns {{ error: unknown } | undefined} the error to report at the end. Collected errors are in the order of the source
   */
  report (ofSource) {
    if (this.#count === 0) return ofSource
    const errors = this.#kept.sort((a, b) => a.index - b.index).map(({ error }) => /** @type {unknown} */ (error))
    const omitted = this.#count - errors.length
    let message = `${this.#count} ${this.#count === 1 ? 'item' : 'items'} failed`
    if (omitted > 0) message += `; ${omitted} of the errors ${omitted === 1 ? 'was' : 'were'} not kept`
    if (ofSource === undefined) return { error: new AggregateError(errors, message) }
    message += '; then the source failed'
    return { error: new AggregateError([...errors, ofSource.error], message, { cause: ofSource.error }) }
  }
}

/**
 * @param {any} action
 * @returns {ErrorAction<any>}
 */
function checked (action) {
  if (action === 'stop' || action === 'skip' || (typeof action === 'object' && action !== null && 'value' in action)) {
    return action
  }
  throw new TypeError(`spillway/stream: onError must return 'stop', 'skip' or { value }, got ${show(action)}`)
}

/**
 * @param {any} error
 * @param {unknown} item
 * @param {number} index
 * @returns {Error} the error itself if `item` and `index` can be added to it; otherwise a new error that has it as its
 *   `cause`
 */
function labelled (error, item, index) {
  const carries = error instanceof Error && Object.isExtensible(error) && !('index' in error) && !('item' in error)
  const carrier = carries ? error : new Error(`item ${index} failed`, { cause: error })
  return Object.defineProperties(carrier, { index: hidden(index), item: hidden(item) })
}

/**
 * @param {unknown} value
 * @returns {PropertyDescriptor} of a property that is not printed with the error
 */
function hidden (value) {
  return { value, configurable: true, writable: true }
}

module.exports = { ErrorPolicy }
