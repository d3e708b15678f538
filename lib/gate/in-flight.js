'use strict'

const { isEventStream } = require('../requests/event-stream.js')

/** Looked at in one go: a refusal may take no longer because many are in flight. */
const LOOKED_AT = 64

/** That a gate has admitted a request: one in dry run may have, beside one that enforces. */
class InFlightEntry {
  /** Where it is among those of the gate that hold a place; below 0 where it holds none. */
  index = -1

  /**
   * @param {import('./gate.js').Gate} gate
   * @param {import('../requests/tracked-request.js').TrackedRequest} tracked
   * @param {number} id the request's class there
   * @param {number} entered what the admission controller gave for it, to be given back to it; see gate.js
   */
  constructor (gate, tracked, id, entered) {
    this.gate = gate
    this.id = id
    this.entered = entered
    this.tracked = tracked
    this.candidate = tracked.candidate
    /** The next one of the same request. */
    this.next = tracked.entry
  }
}

/** The entries of one gate. */
class InFlight {
  /** Those that hold a place, in no order. @type {InFlightEntry[]} */
  #placed = []
  /** How many hold none. */
  #others = 0
  #next = 0

  get count () {
    return this.#placed.length + this.#others
  }

  /** @param {InFlightEntry} entry @param {boolean} hasPlace */
  add (entry, hasPlace) {
    if (!hasPlace) {
      this.#others++
      return
    }
    entry.index = this.#placed.length
    this.#placed.push(entry)
  }

  /** @param {InFlightEntry} entry */
  remove (entry) {
    if (entry.index < 0) this.#others--
    else this.#takeOut(entry)
  }

  /**
   * Looks at some of those that hold a place, in turn, for responses that have turned out to be event streams:
   * they hold none from now on.
   *
   * @returns {InFlightEntry[]}
   */
  takeEventStreams () {
    const found = []
    for (let left = Math.min(LOOKED_AT, this.#placed.length); left > 0; left--) {
      const entry = this.#placed[this.#next++ % this.#placed.length]
      if (!isEventStream(entry.tracked.res)) continue
      found.push(entry)
      this.#takeOut(entry)
      this.#others++
    }
    return found
  }

  /** @param {InFlightEntry} entry */
  #takeOut (entry) {
    const last = /** @type {InFlightEntry} */ (this.#placed.pop())
    if (last !== entry) {
      this.#placed[entry.index] = last
      last.index = entry.index
    }
    entry.index = -1
  }
}

module.exports = { InFlightEntry, InFlight }
