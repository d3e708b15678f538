'use strict'

const { defer } = require('./deferred.js')
const { show } = require('../options/show.js')
const { Fifo } = require('./fifo.js')
const { Item, READY } = require('./item.js')

/** With `flatten`, one item has several results: its parts. */
class Parts {
  /** @type {Fifo<Item<any>>} parts that wait for earlier items */
  queue = new Fifo()
  /** Parts that the consumer has not taken. */
  untaken = 0
  /** The size of the item, from its end until all parts are taken. */
  bytes = 0
  /** @type {import('./deferred.js').Deferred<void> | undefined} */
  #taken

  /**
   * @param {any} value
   * @param {number} index of the item
   * @returns {Item<any>} the part, as an item that has its outcome
   */
  make (value, index) {
    const part = new Item(value, index, 0)
    part.state = READY
    part.partOf = this
    this.untaken++
    return part
  }

  /** @returns {Promise<void>} resolves when another part has been taken, or no more parts are needed */
  taken () {
    this.#taken ??= defer()
    return this.#taken.promise
  }

  onTaken () {
    this.untaken--
    this.wake()
  }

  wake () {
    this.#taken?.resolve()
    this.#taken = undefined
  }
}

/**
 * @param {any} result of a handler or of `flush`, with `flatten`
 * @param {string} [returner] what returned it, for the error message
 * @returns {AsyncIterable<any> | Iterable<any>}
 * @throws {TypeError}
 */
function asIterable (result, returner = 'the handler') {
  const isIterable = typeof result === 'object' && result !== null && (Symbol.asyncIterator in result || Symbol.iterator in result)
  if (isIterable) return result
  throw new TypeError(`spillway/stream: with flatten, ${returner} must return an iterable or an async iterable, got ${show(result)}`)
}

module.exports = { Parts, asIterable }
