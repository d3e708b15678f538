'use strict'

const { isEventStream } = require('../requests/event-stream.js')

/** Looked at in one go: a refusal may take no longer because many are in flight. */
const LOOKED_AT = 64

/** That a gate has admitted a request: one in dry run may have, beside one that enforces. */
class Stay {
  /** Where it is among those of the gate that hold a place; below 0 where it holds none. */
  index = -1

  /**
   * @param {import('./gate.js').Gate} gate
   * @param {import('../requests/arrival.js').Arrival} arrival
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
  /** Those that hold a place, in no order. @type {Stay[]} */
  #placed = []
  /** How many hold none. */
  #others = 0
  #next = 0

  get count () {
    return this.#placed.length + this.#others
  }

  /** @param {Stay} stay @param {boolean} hasPlace */
  add (stay, hasPlace) {
    if (!hasPlace) {
      this.#others++
      return
    }
    stay.index = this.#placed.length
    this.#placed.push(stay)
  }

  /** @param {Stay} stay */
  remove (stay) {
    if (stay.index < 0) this.#others--
    else this.#takeOut(stay)
  }

  /**
   * Looks at some of those that hold a place, in turn, for responses that have turned out to be event streams:
   * they hold none from now on.
   *
   * @returns {Stay[]}
   */
  takeEventStreams () {
    const found = []
    for (let left = Math.min(LOOKED_AT, this.#placed.length); left > 0; left--) {
      const stay = this.#placed[this.#next++ % this.#placed.length]
      if (!isEventStream(stay.arrival.res)) continue
      found.push(stay)
      this.#takeOut(stay)
      this.#others++
    }
    return found
  }

  /** @param {Stay} stay */
  #takeOut (stay) {
    const last = /** @type {Stay} */ (this.#placed.pop())
    if (last !== stay) {
      this.#placed[stay.index] = last
      last.index = stay.index
    }
    stay.index = -1
  }
}

module.exports = { Stay, Stays }
