'use strict'

const { defer } = require('./deferred.js')
const { show } = require('../options/show.js')
const { Fifo } = require('./fifo.js')
const { Item, READY } = require('./item.js')

/** The results of one item, where `flatten` makes several of one. */
class Parts {
  /** @type {Fifo<Item<any>>} those that wait for earlier items */
  queue = new Fifo()
  /** How many were not taken yet. */
  untaken = 0
  /** The item's, from its end until all are taken. */
  bytes = 0
  /** @type {import('./deferred.js').Deferred<void> | undefined} */
  #taken

  /**
   * @param {any} value
   * @param {number} index the item's
   * @returns {Item<any>} the value as an item of its own, which has its outcome
   */
  make (value, index) {
    const part = new Item(value, index, 0)
    part.state = READY
    part.partOf = this
    this.untaken++
    return part
  }

  /** @returns {Promise<void>} resolved when one more was taken, or none is wanted any more */
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
 * @param {any} result of a handler, with `flatten`
 * @returns {AsyncIterable<any> | Iterable<any>}
 * @throws {TypeError}
 */
function asIterable (result) {
  const isIterable = typeof result === 'object' && result !== null && (Symbol.asyncIterator in result || Symbol.iterator in result)
  if (isIterable) return result
  throw new TypeError(`spillway/stream: with flatten, the handler must return an iterable or an async iterable, got ${show(result)}`)
}

module.exports = { Parts, asIterable }
