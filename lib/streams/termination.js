'use strict'

const { setMaxListeners } = require('node:events')

const { defer } = require('./deferred.js')

/** The end of a flow, which comes once: aborts the handlers' signal, listens to the caller's, and knows when no handler runs. */
class Termination {
  finished = false
  #controller = new AbortController()
  /**
   * Of the handlers: aborted when nobody wants their results any more.
   *
   * @type {AbortSignal}
   */
  signal = this.#controller.signal
  #callersSignal
  #onAbort
  /** @type {import('./deferred.js').Deferred<void> | undefined} */
  #idle

  /**
   * @param {AbortSignal | undefined} callersSignal
   * @param {(reason: unknown) => void} onAbort
   */
  constructor (callersSignal, onAbort) {
    setMaxListeners(0, this.signal) // each handler that passes it on adds one or more
    this.#callersSignal = callersSignal
    this.#onAbort = () => onAbort(callersSignal?.reason)
  }

  listen () {
    if (this.#callersSignal?.aborted) this.#onAbort()
    else this.#callersSignal?.addEventListener('abort', this.#onAbort)
  }

  end () {
    this.finished = true
    this.#callersSignal?.removeEventListener('abort', this.#onAbort)
  }

  /** @param {unknown} reason */
  abort (reason) {
    this.#controller.abort(reason)
  }

  /**
   * @param {number} inFlight handlers that run now
   * @returns {Promise<void>} resolved when it is over and no handler is running
   */
  idle (inFlight) {
    this.#idle ??= defer()
    this.settled(inFlight)
    return this.#idle.promise
  }

  /** @param {number} inFlight handlers that still run */
  settled (inFlight) {
    if (this.finished && inFlight === 0) this.#idle?.resolve()
  }
}

module.exports = { Termination }
