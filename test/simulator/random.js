'use strict'

/** A seeded stream of numbers (mulberry32), so that every run of a scenario is the same. */
class Random {
  #state

  /** @param {number} seed integer */
  constructor (seed) {
    this.#state = seed >>> 0
  }

  /** Uniform in [0, 1[. */
  uniform () {
    this.#state = (this.#state + 0x6D2B79F5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** Exponentially distributed with this mean: the intervals of a Poisson process. */
  exponential (mean) {
    return -mean * Math.log(1 - this.uniform())
  }

  /** With mean 0 and variance 1 (Box and Muller). */
  normal () {
    return Math.sqrt(this.exponential(2)) * Math.cos(2 * Math.PI * this.uniform())
  }

  /** About `mean`, uniform within `spread` of it (0.2: from 0.8 to 1.2 times the mean). */
  around (mean, spread) {
    return mean * (1 + spread * (2 * this.uniform() - 1))
  }
}

module.exports = Random
