'use strict'

const SMALLEST_RING = 16

/**
 * A queue in a ring buffer. Unlike `Array.prototype.shift()`, its `shift()` takes constant time.
 *
 * @template T
 */
class Fifo {
  /** @type {(T | undefined)[]} */
  #ring = new Array(SMALLEST_RING)
  #head = 0
  length = 0

  /** @param {T} value */
  push (value) {
    if (this.length === this.#ring.length) this.#grow()
    this.#ring[(this.#head + this.length++) & (this.#ring.length - 1)] = value
  }

  /** @returns {T | undefined} the oldest value, which stays in the queue */
  peek () {
    return this.#ring[this.#head]
  }

  /** @returns {T | undefined} */
  shift () {
    if (this.length === 0) return undefined
    const value = this.#ring[this.#head]
    this.#ring[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#ring.length - 1)
    this.length--
    return value
  }

  clear () {
    this.#ring = new Array(SMALLEST_RING)
    this.#head = 0
    this.length = 0
  }

  #grow () {
    const inOrder = this.#ring.slice(this.#head).concat(this.#ring.slice(0, this.#head))
    inOrder.length *= 2
    this.#ring = inOrder
    this.#head = 0
  }
}

module.exports = { Fifo }
