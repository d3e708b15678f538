'use strict'

/**
 * Counts how many handlers may run, and how many are running. The limit may change at any time. If it falls, handlers
 * beyond it are not cancelled, and their slots disappear when they settle.
 */
class Slots {
  /** The number of slots that are taken. */
  inFlight = 0
  /** The number of calls that run without a slot: handlers whose item timed out, and `flush`. */
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

  /** @param {number} limit set by the user */
  fix (limit) {
    this.limit = limit
  }

  /**
   * Must be called when a handler is about to start.
   *
   * @returns {number} to be passed to `give()`: the time, if a subclass needs it
   */
  take () {
    const running = ++this.inFlight + this.slotless
    if (running > this.peak) this.peak = running
    return 0
  }

  /**
   * Must be called when a handler has settled.
   *
   * @param {number} _began
   * @param {boolean} _succeeded
   */
  give (_began, _succeeded) {
    this.inFlight--
  }

  /** Must be called when no more handlers will start. */
  close () {}
}

module.exports = { Slots }
