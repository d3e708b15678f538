'use strict'

/** Tells when results were ready and none was taken for so long: once for each such time. */
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

  /** @param {boolean} onConsumer whether it is the consumer that the flow waits for now */
  waiting (onConsumer) {
    if (!onConsumer) this.close()
    else if (this.#timer === undefined) this.#timer = setTimeout(this.#onStall, this.#ms)
  }

  /** Something was delivered: the time begins again. */
  delivered () {
    this.#timer?.refresh()
  }

  close () {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

module.exports = { StallWatch }
