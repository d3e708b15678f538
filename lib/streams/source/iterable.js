'use strict'

const { types } = require('node:util')

const { END } = require('./answers.js')
const { answerElement, markHandled } = require('./element.js')
const { checkResult } = require('./result.js')

/** @template T */
class IterableSource {
  /** @type {Iterator<T | PromiseLike<T>>} */
  #iterator
  #done = false
  /** Whether `next()` is running. A generator cannot be closed until it returns. */
  #running = false
  /** Resolves a `close()` that was called while `next()` was running. @type {((released?: Promise<void>) => void) | undefined} */
  #onReturned

  /** @param {Iterable<T | PromiseLike<T>>} iterable */
  constructor (iterable) {
    if (types.isSet(iterable)) iterable.forEach(markHandled)
    this.#iterator = iterable[Symbol.iterator]()
  }

  /**
   * @param {import('./index.js').Receiver<T>} receiver
   * @returns {import('./answers.js').Answer<T>}
   */
  pull (receiver) {
    this.#running = true
    try {
      return this.#next(receiver)
    } finally {
      this.#running = false
      this.#onReturned?.(this.#return())
    }
  }

  /**
   * @param {boolean} destroy
   * @returns {Promise<void> | undefined}
   */
  close (destroy) {
    if (!destroy) return
    if (!this.#running) return this.#return()
    return new Promise(resolve => { this.#onReturned = resolve })
  }

  /**
   * @param {import('./index.js').Receiver<T>} receiver
   * @returns {import('./answers.js').Answer<T>}
   */
  #next (receiver) {
    this.#done = true // also if next() throws
    const result = checkResult(this.#iterator.next(), 'next()')
    if (result.done) return END
    const element = result.value
    this.#done = false
    return answerElement(element, receiver)
  }

  /** @returns {Promise<void> | undefined} */
  #return () {
    if (this.#done) return
    try {
      this.#iterator.return?.()
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

module.exports = { IterableSource }
