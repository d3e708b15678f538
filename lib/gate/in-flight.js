'use strict'

const { isEventStream } = require('../requests/event-stream.js')

/** Entries looked at in one call, so that a refusal takes no longer when many requests are in flight. */
const LOOKED_AT = 64

/** A request that one gate has admitted and that has not ended. Gates in dry run may have one for the same request. */
class InFlightEntry {
  /** Its index among the gate's entries that hold a place; -1 if it holds none. */
  index = -1

  /**
   * @param {import('./gate.js').Gate} gate
   * @param {import('../requests/tracked-request.js').TrackedRequest} trackedRequest
   * @param {number} classId
   * @param {number | null} admittedAt when the admission controller admitted it; null if it did not
   */
  constructor (gate, trackedRequest, classId, admittedAt) {
    this.gate = gate
    this.trackedRequest = trackedRequest
    this.classId = classId
    this.admittedAt = admittedAt
    this.candidate = trackedRequest.candidate
    this.next = trackedRequest.entry
  }

  /** Whether the admission controller counts it, and so has to be told of its end. */
  get holdsPlace () {
    return this.index >= 0
  }

  get answersForHandler () {
    return this.gate.answersForHandler
  }

  patienceMs () {
    return this.gate.patienceMs(this)
  }

  /**
   * @param {number} outcome
   * @param {number} [status] of a response that was sent
   */
  end (outcome, status) {
    this.gate.leave(this, outcome, status)
  }
}

/**
 * The entries of one gate: the one count of what it has in flight. The admission controller counts its places for
 * itself, per class; an event stream holds none.
 */
class InFlight {
  /** In no order. @type {InFlightEntry[]} */
  #withPlace = []
  #withoutPlace = 0
  /** Where `takePlacesOfEventStreams` continues. */
  #next = 0

  get count () {
    return this.#withPlace.length + this.#withoutPlace
  }

  /** @param {InFlightEntry} entry @param {boolean} holdsPlace */
  add (entry, holdsPlace) {
    if (!holdsPlace) {
      this.#withoutPlace++
      return
    }
    entry.index = this.#withPlace.length
    this.#withPlace.push(entry)
  }

  /** @param {InFlightEntry} entry */
  remove (entry) {
    if (entry.holdsPlace) this.#takePlace(entry)
    else this.#withoutPlace--
  }

  /**
   * Looks through some of the entries that hold a place, in turn, for responses that have become event streams. Those
   * hold no place from now on.
   *
   * @returns {InFlightEntry[]}
   */
  takePlacesOfEventStreams () {
    const streams = []
    for (let left = Math.min(LOOKED_AT, this.#withPlace.length); left > 0; left--) {
      const entry = this.#withPlace[this.#next++ % this.#withPlace.length]
      if (!isEventStream(entry.trackedRequest.res)) continue
      streams.push(entry)
      this.#takePlace(entry)
      this.#withoutPlace++
    }
    return streams
  }

  /** @param {InFlightEntry} entry */
  #takePlace (entry) {
    const last = /** @type {InFlightEntry} */ (this.#withPlace.pop())
    if (last !== entry) {
      this.#withPlace[entry.index] = last
      last.index = entry.index
    }
    entry.index = -1
  }
}

module.exports = { InFlight, InFlightEntry }
