'use strict'

const { WAIT } = require('./answers.js')

/** @template T */
class WebStreamSource {
  #reader
  /** @type {import('./index.js').Receiver<T> | undefined} */
  #receiver

  /** @param {import('./index.js').WebStream<T>} stream */
  constructor (stream) {
    this.#reader = stream.getReader()
  }

  /** @param {import('./index.js').Receiver<T>} receiver */
  connect (receiver) {
    this.#receiver = receiver
  }

  /** @returns {typeof WAIT} */
  pull () {
    this.#answer()
    return WAIT
  }

  async #answer () {
    let result
    try {
      result = await this.#reader.read()
    } catch (error) {
      return this.#receiver?.sourceFailed(error)
    }
    if (result.done) this.#receiver?.end()
    else this.#receiver?.receive(/** @type {T} */ (result.value))
  }

  /** @param {boolean} destroy */
  close (destroy) {
    if (destroy) this.#reader.cancel().catch(() => {})
    this.#reader.releaseLock()
  }
}

module.exports = { WebStreamSource }
