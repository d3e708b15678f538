'use strict'

/** @typedef {'source' | 'handlers' | 'consumer'} Waited */

/** Adds up whom the flow waited for. At any moment it is one of the three, or nobody. */
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

  /** The present wait included. */
  totals () {
    const { source, handlers, consumer } = this.#totals
    const totals = { source, handlers, consumer }
    if (this.#waited !== undefined) totals[this.#waited] += performance.now() - this.#since
    return { sourceWaitMs: totals.source, handlersWaitMs: totals.handlers, consumerWaitMs: totals.consumer }
  }
}

module.exports = { WaitClock }
