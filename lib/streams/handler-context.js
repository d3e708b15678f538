'use strict'

/**
 * @template T
 * @template [R=unknown]
 * @callback Handler
 * @param {T} item
 * @param {HandlerContext} context
 * @returns {R | PromiseLike<R>}
 */

/** The second argument of a handler. */
class HandlerContext {
  /** The number of the attempt, from 1. Greater than 1 only with `retry`. */
  attempt = 1
  #onStop

  /**
   * @param {AbortSignal} signal
   * @param {number} index
   * @param {(index: number) => void} onStop
   */
  constructor (signal, index, onStop) {
    /** Aborted when the result of the item is no longer needed. */
    this.signal = signal
    /** The position of the item in the source, from 0. */
    this.index = index
    this.#onStop = onStop
  }

  /**
   * Ends the job without an error, as if this item were the last of the source.
   *
   * @returns {() => void} a function that does not depend on `this`
   */
  get stop () {
    return () => this.#onStop(this.index)
  }
}

module.exports = { HandlerContext }
