'use strict'

const { isThenable } = require('../thenable.js')
const { WAIT, END } = require('./answers.js')

/** @template T */
class IterableSource {
  /** @type {Iterator<T | PromiseLike<T>>} */
  #iterator
  /** @type {import('./index.js').Receiver<T> | undefined} */
  #receiver
  #done = false

  /** @param {Iterable<T | PromiseLike<T>>} iterable */
  constructor (iterable) {
    this.#iterator = iterable[Symbol.iterator]()
  }

  /** @param {import('./index.js').Receiver<T>} receiver */
  connect (receiver) {
    this.#receiver = receiver
  }

  pull () {
    this.#done = true // an iterator that throws is done, and gets no return()
    const result = this.#iterator.next()
    if (result.done) return END
    this.#done = false
    const value = result.value
    if (!isThenable(value)) return value
    value.then(item => this.#receiver?.receive(item), error => this.#receiver?.sourceFailed(error))
    return WAIT
  }

  /** @param {boolean} destroy */
  close (destroy) {
    if (destroy && !this.#done) this.#iterator.return?.()
  }
}

module.exports = { IterableSource }
