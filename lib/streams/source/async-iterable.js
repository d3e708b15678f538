'use strict'

const { WAIT } = require('./answers.js')
const { checkResult } = require('./result.js')

/** @template T */
class AsyncIterableSource {
  /** @type {AsyncIterator<T>} */
  #iterator
  #done = false

  /** @param {AsyncIterable<T>} iterable */
  constructor (iterable) {
    this.#iterator = iterable[Symbol.asyncIterator]()
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
   * @returns {Promise<void> | undefined}
   */
  close (destroy) {
    if (destroy && !this.#done) return this.#return()
  }

  /** @param {import('./index.js').Receiver<T>} receiver */
  async #answer (receiver) {
    let item
    try {
      const result = checkResult(await this.#iterator.next(), 'next()')
      if (result.done) this.#done = true
      else item = result.value
    } catch (error) {
      this.#done = true
      return receiver.sourceFailed(error)
    }
    if (this.#done) receiver.end()
    else receiver.receive(/** @type {T} */ (item))
  }

  /** If a generator is waiting for something, this settles only after that. */
  async #return () {
    await this.#iterator.return?.()
  }
}

module.exports = { AsyncIterableSource }
