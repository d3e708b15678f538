'use strict'

const { WAIT } = require('./answers.js')
const { checkResult } = require('./result.js')

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
    let done, value
    try {
      ({ done, value } = checkResult(await this.#reader.read(), 'read()'))
    } catch (error) {
      return receiver.sourceFailed(error)
    }
    if (done) receiver.end()
    else receiver.receive(/** @type {T} */ (value))
  }
}

module.exports = { WebStreamSource }
