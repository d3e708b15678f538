'use strict'

const { isEventStream } = require('../requests/event-stream.js')

/** How many entries one call examines. The limit keeps a refusal cheap when many requests are in flight. */
const LOOKED_AT = 64

/** A request that one gate has admitted and that has not ended. Gates in dry run may have entries for the same request. */
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

  /** Whether the admission controller counts it, and so must be notified when it ends. */
  get holdsPlace () {
    return this.index >= 0
  }

  get answersForHandler () {
    return this.gate.answersForHandler
  }

  patienceMs () {
    return this.gate.patienceMs(this)
  }

  /** @param {number} outcome */
  end (outcome) {
    this.gate.leave(this, outcome)
  }
}

/**
 * The requests that one gate has in flight. An entry holds a place if the admission controller counts it; the entry of an
 * event stream holds none.
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
   * Examines the next few entries that hold a place, and takes the place of each whose response has become an event
   * stream.
   *
   * @returns {InFlightEntry[]} the entries that have lost their place
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
