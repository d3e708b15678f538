'use strict'

const { isEventStream } = require('./event-stream.js')

/** Looked at in one go: a refusal may take no longer because many are in flight. */
const LOOKED_AT = 64

/** That a gate has admitted a request: one in dry run may have, beside one that enforces. */
class Stay {
  /** Where it is among the gate's. */
  index = -1

  /**
   * @param {import('./gate.js').Gate} gate
   * @param {import('./arrival.js').Arrival} arrival
   * @param {number} id the request's class there
   * @param {number} entered what the law gave for it, to be given back to it; see gate.js
   */
  constructor (gate, arrival, id, entered) {
    this.gate = gate
    this.id = id
    this.entered = entered
    this.arrival = arrival
    this.candidate = arrival.candidate
    /** The next one of the same request. */
    this.next = arrival.stay
  }
}

/** The stays of one gate. */
class Stays {
  /** @type {Stay[]} in no order */
  #stays = []
  #next = 0

  get count () {
    return this.#stays.length
  }

  /** @param {Stay} stay */
  add (stay) {
    stay.index = this.#stays.length
    this.#stays.push(stay)
  }

  /** @param {Stay} stay */
  remove (stay) {
    const last = /** @type {Stay} */ (this.#stays.pop())
    if (last === stay) return
    this.#stays[stay.index] = last
    last.index = stay.index
  }

  /**
   * Looks at some, in turn, for those whose response has turned out to be an event stream.
   *
   * @param {(stay: Stay) => boolean} found
   * @returns {boolean} whether it has answered so for any
   */
  lookForEventStreams (found) {
    let any = false
    for (let left = Math.min(LOOKED_AT, this.#stays.length); left > 0; left--) {
      this.#next = (this.#next + 1) % this.#stays.length
      const stay = this.#stays[this.#next]
      if (isEventStream(stay.arrival.res)) any = found(stay) || any
    }
    return any
  }
}

module.exports = { Stay, Stays }
