'use strict'

const STARTS_PER_TURN = 1024
const MS_PER_TURN = 5

// Reading the clock costs as much as a fast handler. So it is read at every start only while handlers are slow.
const STARTS_PER_READING = 64
const SLOW_MS = 0.1

/**
 * Limits how many items may start in one turn of the event loop. Without it, handlers that are synchronous, or
 * asynchronous without waiting for I/O, would block the loop until the source ends.
 */
class TurnBudget {
  #starts = 0
  #nextReading = 0
  #startedAt = 0
  #readAt = 0
  #refused = false
  /** @type {NodeJS.Immediate | undefined} */
  #end
  #onNextTurn

  /** @param {() => void} onNextTurn called in the next turn if `allowsStart` was false in this one */
  constructor (onNextTurn) {
    this.#onNextTurn = onNextTurn
  }

  /** @returns {boolean} whether another item may start in this turn */
  get allowsStart () {
    return this.#starts < this.#nextReading || this.#readClock()
  }

  /** Must be called when an item starts. */
  countStart () {
    this.#starts++
  }

  #readClock () {
    const now = performance.now()
    if (this.#end === undefined) {
      this.#startedAt = now
      this.#end = setImmediate(() => this.#renew())
    }
    if (this.#starts >= STARTS_PER_TURN || now - this.#startedAt >= MS_PER_TURN) {
      this.#refused = true
      return false
    }
    const slow = this.#starts === 0 || now - this.#readAt >= SLOW_MS
    this.#nextReading = Math.min(this.#starts + (slow ? 1 : STARTS_PER_READING), STARTS_PER_TURN)
    this.#readAt = now
    return true
  }

  #renew () {
    const wasRefused = this.#refused
    this.#end = undefined
    this.#refused = false
    this.#starts = this.#nextReading = 0
    if (wasRefused) this.#onNextTurn()
  }
}

module.exports = { TurnBudget }
