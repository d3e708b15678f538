'use strict'

/** @typedef {'source' | 'handlers' | 'consumer'} Waited */

/** Adds up how long the flow waited for the source, the handlers and the consumer. It waits for at most one of them at a time. */
class WaitClock {
  /** @type {Waited | undefined} */
  #waited
  #since = 0
  #totals = { source: 0, handlers: 0, consumer: 0 }

  /** @param {Waited | undefined} waited */
  waitFor (waited) {
    if (waited === this.#waited) return
    const now = performance.now()
    if (this.#waited !== undefined) this.#totals[this.#waited] += now - this.#since
    this.#waited = waited
    this.#since = now
  }

  /** Includes the current wait. */
  totals () {
    const { source, handlers, consumer } = this.#totals
    const totals = { source, handlers, consumer }
    if (this.#waited !== undefined) totals[this.#waited] += performance.now() - this.#since
    return { sourceWaitMs: totals.source, handlersWaitMs: totals.handlers, consumerWaitMs: totals.consumer }
  }
}

module.exports = { WaitClock }
