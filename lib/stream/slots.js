'use strict'

/** How many handlers may run, and how many do. The limit may move at any time: what runs beyond it retires by itself. */
class Slots {
  inFlight = 0
  peak = 0

  /** @param {number} limit */
  constructor (limit) {
    this.limit = limit
  }

  get free () {
    return this.inFlight < this.limit
  }

  /** A handler is about to start. */
  take () {
    if (++this.inFlight > this.peak) this.peak = this.inFlight
  }

  /** A handler has settled. */
  give () {
    this.inFlight--
  }
}

module.exports = { Slots }
