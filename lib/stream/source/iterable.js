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
  /** `next()` is running: until it returns, a generator cannot be closed. */
  #running = false
  #closing = false

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
    this.#running = true
    try {
      return this.#next(receiver)
    } finally {
      this.#running = false
      if (this.#closing) this.#return()
    }
  }

  /** @param {boolean} destroy */
  close (destroy) {
    this.#closing = destroy
    if (destroy && !this.#running) this.#return()
  }

  /**
   * @param {import('./index.js').Receiver<T>} receiver
   * @returns {import('./answers.js').Answer<T>}
   */
  #next (receiver) {
    this.#done = true // so is an iterator that throws
    const result = checkResult(this.#iterator.next(), 'next()')
    if (result.done) return END
    const element = result.value
    this.#done = false
    return answerElement(element, receiver)
  }

  #return () {
    if (this.#done) return
    try {
      this.#iterator.return?.()
    } catch {
      // Whoever stops early has a reason of their own to report.
    }
  }
}

module.exports = { IterableSource }
