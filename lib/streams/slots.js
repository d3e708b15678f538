'use strict'

/** How many handlers may run, and how many do. The limit may move at any time: what runs beyond it retires by itself. */
class Slots {
  /** Slots that are taken. */
  inFlight = 0
  /** What runs without a slot: it has lost it. */
  slotless = 0
  peak = 0

  /** @param {number} limit */
  constructor (limit) {
    this.limit = limit
  }

  get free () {
    return this.inFlight < this.limit
  }

  get running () {
    return this.inFlight + this.slotless
  }

  /** @param {number} limit the caller's */
  fix (limit) {
    this.limit = limit
  }

  /**
   * A handler is about to start.
   *
   * @returns {number} the moment, for `give`, where that is of use
   */
  take () {
    const running = ++this.inFlight + this.slotless
    if (running > this.peak) this.peak = running
    return 0
  }

  /**
   * A handler has settled.
   *
   * @param {number} _began
   * @param {boolean} _succeeded
   */
  give (_began, _succeeded) {
    this.inFlight--
  }

  /** No handler will start any more. */
  close () {}
}

module.exports = { Slots }
