'use strict'

/**
 * What becomes of an item whose handler failed: the whole flow stops, the item is left out, or a value takes its place.
 *
 * @template R
 * @typedef {'stop' | 'skip' | { value: R }} Verdict
 */

/**
 * @template T, R
 * @callback OnError
 * @param {unknown} error
 * @param {{ item: T, index: number }} failed
 * @returns {Verdict<R>}
 */

/** Judges failed items, and keeps the errors that `'collect'` reports at the end. */
class ErrorPolicy {
  #onError
  #maxErrors
  #count = 0
  /** @type {{ index: number, error: unknown }[]} */
  #kept = []

  /**
   * @param {'stop' | 'collect' | 'continue' | OnError<any, any>} onError
   * @param {number} maxErrors
   */
  constructor (onError, maxErrors) {
    this.#onError = onError
    this.#maxErrors = maxErrors
  }

  /**
   * @param {unknown} error
   * @param {import('./item.js').Item<any>} item
   * @returns {Verdict<any>}
   */
  judge (error, { value: input, index }) {
    switch (this.#onError) {
      case 'stop': return 'stop'
      case 'continue': return 'skip'
      case 'collect':
        this.#count++
        if (this.#kept.length < this.#maxErrors) this.#kept.push({ index, error })
        return 'skip'
    }
    const verdict = this.#onError(error, { item: input, index })
    if (verdict === 'stop' || verdict === 'skip' || (typeof verdict === 'object' && verdict !== null && 'value' in verdict)) {
      return verdict
    }
    throw new TypeError("onError must answer 'stop', 'skip' or { value }")
  }

  /** @returns {AggregateError | undefined} what was collected, in the order of the input */
  collected () {
    if (this.#count === 0) return undefined
    const errors = this.#kept.sort((a, b) => a.index - b.index).map(({ error }) => error)
    const omitted = this.#count - errors.length
    return new AggregateError(errors, `${this.#count} items failed${omitted > 0 ? `, ${omitted} of the errors are not kept` : ''}`)
  }
}

module.exports = { ErrorPolicy }
