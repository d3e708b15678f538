'use strict'

const { userFunction } = require('../options/user-function.js')

/** @typedef {import('./index.js').LimitReason} LimitReason */

/** Reports a resource whose limit has been exceeded for too long: once each time that the limit becomes exceeded. */
class Exhaustion {
  #onExhausted
  #afterMs
  /** Since when each limit has been exceeded; Infinity once reported. @type {Map<LimitReason, number>} */
  #since = new Map()

  /** @param {any} options */
  constructor ({ onExhausted, exhaustedAfter }) {
    this.#onExhausted = onExhausted && userFunction('onExhausted', 'SPILLWAY_ON_EXHAUSTED', onExhausted)
    this.#afterMs = exhaustedAfter
  }

  /**
   * @param {LimitReason} reason
   * @param {number} value
   * @param {number} limit
   * @param {boolean} isAbove
   */
  note (reason, value, limit, isAbove) {
    if (this.#onExhausted === undefined) return
    if (!isAbove) {
      this.#since.delete(reason)
      return
    }
    const now = performance.now()
    const since = this.#since.get(reason) ?? now
    this.#since.set(reason, since)
    if (now - since < this.#afterMs) return
    this.#since.set(reason, Infinity)
    this.#onExhausted({ reason, value, limit, forMs: now - since })
  }
}

module.exports = { Exhaustion }
