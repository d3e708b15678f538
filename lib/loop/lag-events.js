'use strict'

const { binding } = require('../native/binding.js')

/** Once per interval, calls the listeners whose threshold the lag exceeds. It has a timer only while there are listeners. */
class LagEvents {
  /** @type {{ fn: (lagMs: number) => void, threshold: number }[]} */
  #listeners = []
  /** @type {NodeJS.Timeout | undefined} */
  #timer

  /**
   * @param {(lagMs: number) => void} fn
   * @param {number} threshold ms
   */
  add (fn, threshold) {
    this.#listeners.push({ fn, threshold })
  }

  /** @param {number} intervalMs */
  start (intervalMs) {
    clearInterval(this.#timer)
    if (this.#listeners.length === 0) return
    binding.takeLongestTurn()
    this.#timer = setInterval(() => this.#notify(), intervalMs).unref()
  }

  clear () {
    clearInterval(this.#timer)
    this.#listeners = []
  }

  #notify () {
    const lagMs = Math.max(binding.lag(), binding.takeLongestTurn())
    for (const { fn, threshold } of [...this.#listeners]) {
      if (lagMs > threshold) fn(lagMs)
    }
  }
}

module.exports = { LagEvents }
