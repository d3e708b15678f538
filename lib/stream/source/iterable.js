'use strict'

const { types } = require('node:util')

const { END } = require('./answers.js')
const { answerElement, observe } = require('./element.js')
const { checkResult } = require('./result.js')

/** @template T */
class IterableSource {
  /** @type {Iterator<T | PromiseLike<T>>} */
  #iterator
  #done = false

  /** @param {Iterable<T | PromiseLike<T>>} iterable */
  constructor (iterable) {
    if (types.isSet(iterable)) iterable.forEach(observe)
    this.#iterator = iterable[Symbol.iterator]()
  }

  /**
   * @param {import('./index.js').Receiver<T>} receiver
   * @returns {import('./answers.js').Answer<T>}
   */
  pull (receiver) {
    this.#done = true // so is an iterator that throws
    const result = checkResult(this.#iterator.next(), 'next()')
    if (result.done) return END
    this.#done = false
    return answerElement(result.value, receiver)
  }

  /** @param {boolean} destroy */
  close (destroy) {
    if (!destroy || this.#done) return
    try {
      this.#iterator.return?.()
    } catch {
      // Whoever stops early has a reason of their own to report.
    }
  }
}

module.exports = { IterableSource }
