'use strict'

/** So many keys are counted at once. */
const MOST_CANDIDATES = 1024

/**
 * @typedef {object} Candidate
 * @property {number} served its responses, as far as they still count
 * @property {number} arrived its requests since it became a candidate
 * @property {number} since all requests without a class of their own, when it became a candidate
 */

/**
 * Keys that have no class yet, and how often they were served: the frequent items of Misra and Gries
 * ("Finding repeated elements", 1982). What makes up more than one in MOST_CANDIDATES is found, however
 * many others come once.
 */
class Candidates {
  /** @type {Map<string, Candidate>} */
  #byKey = new Map()
  #arrivals = 0

  /** @param {string} key of a request that has come */
  arrived (key) {
    this.#arrivals++
    const candidate = this.#byKey.get(key)
    if (candidate !== undefined) candidate.arrived++
  }

  /**
   * @param {string} key of a request that was served
   * @returns {number} how often it was, as far as that still counts
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

  /** What was served long ago counts less. */
  fade () {
    this.#reduce((served) => served / 2)
  }

  /**
   * It is a candidate no more.
   *
   * @param {string} key
   * @returns {number} its part of the requests without a class of their own, above 0 up to 1
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
