'use strict'

const { WAIT } = require('./answers.js')
const { checkResult } = require('./result.js')

/** @template T */
class WebStreamSource {
  #reader
  #failed = false

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

  /**
   * @param {boolean} destroy
   * @param {unknown} [reason]
   * @returns {Promise<void> | undefined}
   */
  close (destroy, reason) {
    const released = destroy && !this.#failed ? this.#cancel(reason) : undefined
    this.#reader.releaseLock()
    return released
  }

  /** @param {unknown} reason */
  async #cancel (reason) {
    await this.#reader.cancel(reason)
  }

  /** @param {import('./index.js').Receiver<T>} receiver */
  async #answer (receiver) {
    let done, value
    try {
      ({ done, value } = checkResult(await this.#reader.read(), 'read()'))
    } catch (error) {
      this.#failed = true
      return receiver.sourceFailed(error)
    }
    if (done) receiver.end()
    else receiver.receive(/** @type {T} */ (value))
  }
}

module.exports = { WebStreamSource }
