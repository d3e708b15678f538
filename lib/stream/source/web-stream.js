'use strict'

const { WAIT } = require('./answers.js')

/** @template T */
class WebStreamSource {
  #reader

  /** @param {import('./index.js').WebStream<T>} stream */
  constructor (stream) {
    this.#reader = stream.getReader()
  }

  /**
   * @param {import('./index.js').Receiver<T>} receiver
   * @returns {typeof WAIT}
   */
  pull (receiver) {
    this.#answer(receiver)
    return WAIT
  }

  /** @param {boolean} destroy */
  close (destroy) {
    if (destroy) this.#reader.cancel().catch(() => {}) // it rejects when the stream had failed, which was told already
    this.#reader.releaseLock()
  }

  /** @param {import('./index.js').Receiver<T>} receiver */
  async #answer (receiver) {
    let result
    try {
      result = await this.#reader.read()
    } catch (error) {
      return receiver.sourceFailed(error)
    }
    if (result.done) receiver.end()
    else receiver.receive(/** @type {T} */ (result.value))
  }
}

module.exports = { WebStreamSource }
