'use strict'

/** The maximum number of keys that are counted at the same time. */
const MOST_CANDIDATES = 1024

/**
 * @typedef {object} Candidate
 * @property {number} served number of its responses, reduced over time
 * @property {number} arrived number of its requests since it became a candidate
 * @property {number} since total number of requests without a class of their own, when it became a candidate
 */

/**
 * Counts how often keys without a class are served, with the frequent-items algorithm of Misra and Gries ("Finding
 * repeated elements", 1982). It finds every key that makes up more than one in MOST_CANDIDATES responses, however many
 * other keys appear once.
 */
class Candidates {
  /** @type {Map<string, Candidate>} */
  #byKey = new Map()
  #arrivals = 0

  /** @param {string} key of a request that has arrived */
  arrived (key) {
    this.#arrivals++
    const candidate = this.#byKey.get(key)
    if (candidate !== undefined) candidate.arrived++
  }

  /**
   * @param {string} key of a request that was served
   * @returns {number} how often the key was served, reduced over time
   */
  served (key) {
    const known = this.#byKey.get(key)
    if (known !== undefined) return ++known.served
    if (this.#byKey.size < MOST_CANDIDATES) {
      this.#byKey.set(key, { served: 1, arrived: 1, since: this.#arrivals - 1 })
      return 1
    }
    this.#reduce((served) => served - 1)
    return 0
  }

  /** Halves all counts, so that old responses count less. */
  fade () {
    this.#reduce((served) => served / 2)
  }

  /**
   * Removes a candidate.
   *
   * @param {string} key
   * @returns {number} its share of the requests without a class of their own, above 0 up to 1
   */
  take (key) {
    const { arrived, since } = /** @type {Candidate} */ (this.#byKey.get(key))
    this.#byKey.delete(key)
    return arrived / (this.#arrivals - since)
  }

  /** @param {(served: number) => number} reduced */
  #reduce (reduced) {
    for (const [key, candidate] of this.#byKey) {
      candidate.served = reduced(candidate.served)
      if (candidate.served < 1) this.#byKey.delete(key)
    }
  }
}

module.exports = { Candidates }
