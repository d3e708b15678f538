'use strict'

/** Calls `onStall` once whenever results were ready and the consumer took none for `ms` milliseconds. */
class StallWatch {
  #ms
  #onStall
  /** @type {NodeJS.Timeout | undefined} */
  #timer

  /**
   * @param {number} ms
   * @param {() => void} onStall
   */
  constructor (ms, onStall) {
    this.#ms = ms
    this.#onStall = onStall
  }

  /** @param {boolean} onConsumer whether the flow waits for the consumer now */
  waiting (onConsumer) {
    if (!onConsumer) this.close()
    else if (this.#timer === undefined) this.#timer = setTimeout(this.#onStall, this.#ms)
  }

  /** Must be called when a result was delivered: the time starts again. */
  delivered () {
    this.#timer?.refresh()
  }

  close () {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

module.exports = { StallWatch }
