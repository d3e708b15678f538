'use strict'

const { setMaxListeners } = require('node:events')

const { defer } = require('./deferred.js')

/**
 * Handles the end of a flow, which happens once. Aborts the signal of the handlers, listens to the signal of the user,
 * and reports when the last handler has settled.
 */
class Termination {
  finished = false
  #controller = new AbortController()
  /**
   * The signal that handlers get. Aborted when their results are no longer needed.
   *
   * @type {AbortSignal}
   */
  signal = this.#controller.signal
  #userSignal
  #onAbort
  /** @type {import('./deferred.js').Deferred<void> | undefined} */
  #idle

  /**
   * @param {AbortSignal | undefined} userSignal
   * @param {(reason: unknown) => void} onAbort
   */
  constructor (userSignal, onAbort) {
    setMaxListeners(0, this.signal) // every handler that passes it on adds at least one listener
    this.#userSignal = userSignal
    this.#onAbort = () => onAbort(userSignal?.reason)
  }

  listen () {
    if (this.#userSignal?.aborted) this.#onAbort()
    else this.#userSignal?.addEventListener('abort', this.#onAbort)
  }

  end () {
    this.finished = true
    this.#userSignal?.removeEventListener('abort', this.#onAbort)
  }

  /** @param {unknown} reason */
  abort (reason) {
    this.#controller.abort(reason)
  }

  /**
   * @param {number} running handlers that run now
   * @returns {Promise<void>} resolves when the flow has ended and no handler runs
   */
  idle (running) {
    this.#idle ??= defer()
    this.settled(running)
    return this.#idle.promise
  }

  /** @param {number} running handlers that still run */
  settled (running) {
    if (this.finished && running === 0) this.#idle?.resolve()
  }
}

module.exports = { Termination }
