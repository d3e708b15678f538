'use strict'

const COMPLETIONS_PER_TURN = 1024
const MS_PER_TURN = 5

// Reading the clock costs as much as a fast handler, so it is read at every completion only while these are slow.
const FAST_COMPLETIONS_PER_READING = 16
const SLOW_MS = 0.1

/**
 * Shares the event loop: handlers that are synchronous, or asynchronous without ever waiting for I/O, would otherwise
 * keep it for as long as the source lasts.
 */
class Turn {
  #completions = 0
  #nextReading = 1
  #startedAt = 0
  #readAt = 0
  #spent = false
  /** @type {NodeJS.Immediate | undefined} */
  #end
  #onNextTurn

  /** @param {() => void} onNextTurn called in the next turn, when this one was spent */
  constructor (onNextTurn) {
    this.#onNextTurn = onNextTurn
  }

  /** @returns {boolean} whether one more item may start in this turn */
  open () {
    if (this.#end === undefined) this.#begin()
    return !this.#spent
  }

  count () {
    this.#completions++
    if (this.#completions >= COMPLETIONS_PER_TURN) this.#spent = true
    else if (this.#completions >= this.#nextReading) this.#readClock()
  }

  close () {
    clearImmediate(this.#end)
  }

  #begin () {
    this.#completions = 0
    this.#nextReading = 1
    this.#startedAt = this.#readAt = performance.now()
    this.#end = setImmediate(() => this.#next())
  }

  #readClock () {
    const now = performance.now()
    if (now - this.#startedAt >= MS_PER_TURN) this.#spent = true
    this.#nextReading += now - this.#readAt < SLOW_MS ? FAST_COMPLETIONS_PER_READING : 1
    this.#readAt = now
  }

  #next () {
    const wasSpent = this.#spent
    this.#end = undefined
    this.#spent = false
    if (wasSpent) this.#onNextTurn()
  }
}

module.exports = { Turn }
