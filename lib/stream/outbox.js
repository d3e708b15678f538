'use strict'

const { Fifo } = require('./fifo.js')
const { RUNNING } = require('./item.js')

/**
 * The items started but not delivered, in the order in which they are to be delivered: that of the input, or that in
 * which they became ready.
 */
class Outbox {
  size = 0
  bytes = 0
  /** How many of them have their outcome and wait for the consumer, or for an earlier one. */
  buffered = 0
  peakBuffered = 0
  #ordered
  /** @type {Fifo<import('./item.js').Item<any>>} */
  #queue = new Fifo()

  /** @param {boolean} ordered */
  constructor (ordered) {
    this.#ordered = ordered
  }

  /** @param {import('./item.js').Item<any>} item */
  add (item) {
    this.size++
    this.bytes += item.bytes
    if (this.#ordered) this.#queue.push(item)
  }

  /**
   * @param {import('./item.js').Item<any>} item one that was added and is still running
   * @param {number} state
   * @param {unknown} outcome
   */
  settle (item, state, outcome) {
    item.state = state
    item.outcome = outcome
    this.buffered++
    if (!this.#ordered) this.#queue.push(item)
  }

  /** @returns {import('./item.js').Item<any> | undefined} the one to deliver next, if it has its outcome */
  ready () {
    const item = this.#queue.peek()
    return item === undefined || item.state === RUNNING ? undefined : item
  }

  /** Takes the one that `ready` gave out of the order. */
  shift () {
    this.#queue.shift()
    this.buffered--
  }

  /** @returns {boolean} whether an item that is settled now may be delivered now */
  get nothingBefore () {
    return !this.#ordered && this.buffered === 0
  }

  /** @param {import('./item.js').Item<any>} item one that is delivered, or never will be */
  remove (item) {
    this.size--
    this.bytes -= item.bytes
  }

  /** To be called when what could be delivered at once is delivered. */
  notePeak () {
    if (this.buffered > this.peakBuffered) this.peakBuffered = this.buffered
  }

  clear () {
    this.size = 0
    this.bytes = 0
    this.buffered = 0
    this.#queue.clear()
  }
}

module.exports = { Outbox }
