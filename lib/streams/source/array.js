'use strict'

const { END } = require('./answers.js')
const { answerElement, markHandled } = require('./element.js')

/**
 * As the array's own iterator would, without a call and a result object for each element.
 *
 * @template T
 */
class ArraySource {
  #array
  #index = 0

  /** @param {(T | PromiseLike<T>)[]} array */
  constructor (array) {
    this.#array = array
    for (let i = 0; i < array.length; i++) markHandled(array[i]) // `for of` would be slower
  }

  /**
   * @param {import('./index.js').Receiver<T>} receiver
   * @returns {import('./answers.js').Answer<T>}
   */
  pull (receiver) {
    return this.#index < this.#array.length ? answerElement(this.#array[this.#index++], receiver) : END
  }

  close () {}
}

module.exports = { ArraySource }
