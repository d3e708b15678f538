'use strict'

/**
 * @template T
 * @template [R=unknown]
 * @callback Handler
 * @param {T} item
 * @param {HandlerContext} context
 * @returns {R | PromiseLike<R>}
 */

/** What a handler is told beside its item. */
class HandlerContext {
  /** How many times the item has been tried, this time included: more than 1 only with `retry`. */
  attempt = 1
  #onStop

  /**
   * @param {AbortSignal} signal
   * @param {number} index
   * @param {(index: number) => void} onStop
   */
  constructor (signal, index, onStop) {
    /** Aborted when nobody wants the item's result any more. */
    this.signal = signal
    /** The item's place in the source, from 0. */
    this.index = index
    this.#onStop = onStop
  }

  /**
   * Ends the job without an error, as if the source had ended with this item.
   *
   * @returns {() => void} a function, which may be called without its context
   */
  get stop () {
    return () => this.#onStop(this.index)
  }
}

module.exports = { HandlerContext }
