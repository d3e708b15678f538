'use strict'

const { binding } = require('../native/binding.js')
const monitor = require('../loop/monitor.js')
const { Slots } = require('./slots.js')

/**
 * Finds the concurrency limit of one job, and adapts it. Implemented by the addon.
 *
 * @typedef {import('../native/types.js').NativeConcurrency} NativeConcurrency
 */

/** Slots whose limit the addon adapts, until the user sets one. Measures the event loop while handlers run. */
class AutoSlots extends Slots {
  #native = /** @type {() => NativeConcurrency} */ (binding.createConcurrency)()
  #fixed = false
  /** @type {(() => void) | undefined} */
  #releaseMonitor

  constructor () {
    super(1)
    this.limit = this.#native.snapshot().limit
  }

  /** @param {number} limit */
  fix (limit) {
    super.fix(limit)
    this.#fixed = true
    this.close()
  }

  take () {
    super.take()
    if (!this.#fixed) this.#releaseMonitor ??= monitor.acquire()
    return this.#native.begin()
  }

  /**
   * @param {number} began
   * @param {boolean} succeeded
   */
  give (began, succeeded) {
    super.give(began, succeeded)
    const limit = this.#native.end(began, Number(succeeded))
    if (!this.#fixed) this.limit = limit
  }

  close () {
    this.#releaseMonitor?.()
    this.#releaseMonitor = undefined
  }
}

module.exports = { AutoSlots }
