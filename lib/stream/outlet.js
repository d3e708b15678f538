'use strict'

const { Fifo } = require('./fifo.js')
const { RUNNING, READY, SKIPPED, FAILED } = require('./item.js')

/**
 * What a flow needs of the one who takes its results. Once `end` or `fail` was called, nothing else is. Only `admits` may
 * throw.
 *
 * @typedef {object} Sink
 * @property {() => boolean} wants whether a result would be taken now
 * @property {(result: any) => boolean} admits false leaves the result out; an exception makes its item a failed one
 * @property {(result: any) => void} deliver
 * @property {(stats: import('./job.js').Stats) => void} end
 * @property {(error: unknown) => void} fail
 */

/** @typedef {import('./item.js').Item<any>} Item */

/**
 * The way out: the items started but not delivered, in the order in which they are to be delivered, which is that of the
 * input or that in which they get their outcomes.
 */
class Outlet {
  size = 0
  bytes = 0
  /** How many have their outcome, and wait for the consumer or for an earlier item. */
  buffered = 0
  peakBuffered = 0
  #ordered
  #sink
  #stall
  /** @type {Fifo<Item>} */
  #queue = new Fifo()

  /**
   * @param {boolean} ordered
   * @param {Sink} sink
   * @param {import('./stall.js').StallWatch | undefined} stall
   */
  constructor (ordered, sink, stall) {
    this.#ordered = ordered
    this.#sink = sink
    this.#stall = stall
  }

  /** @returns {boolean} whether a result is ready that the consumer, when last asked, did not want */
  get blocked () {
    return this.#queue.peek()?.state === READY
  }

  /** @param {Item} item that starts */
  add (item) {
    this.size++
    this.bytes += item.bytes
    if (this.#ordered) this.#queue.push(item)
  }

  /**
   * @param {Item} item
   * @param {unknown} result
   */
  succeed (item, result) {
    if (this.#ordered || this.buffered > 0 || !this.#sink.wants()) {
      this.#settle(item, READY, result)
    } else {
      item.state = READY
      this.#hand(item, result)
    }
  }

  /** @param {Item} item */
  skip (item) {
    this.#settle(item, SKIPPED, undefined)
  }

  /**
   * @param {Item} item
   * @param {unknown} error
   */
  fail (item, error) {
    this.#settle(item, FAILED, error)
  }

  /**
   * Delivers as much as the sink wants and the order allows.
   *
   * @returns {Item | undefined} the failed item that is next in the order
   */
  deliver () {
    for (let item = this.#queue.peek(); item !== undefined && item.state !== RUNNING; item = this.#queue.peek()) {
      if (item.state === FAILED) return item
      if (item.state === READY && !this.#sink.wants()) break
      this.#queue.shift()
      this.buffered--
      if (item.state === READY) this.#hand(item, item.value)
      else this.#remove(item)
    }
    if (this.buffered > this.peakBuffered) this.peakBuffered = this.buffered
  }

  clear () {
    this.size = 0
    this.bytes = 0
    this.buffered = 0
    this.#queue.clear()
  }

  /**
   * @param {Item} item
   * @param {number} state
   * @param {unknown} outcome
   */
  #settle (item, state, outcome) {
    item.state = state
    item.value = outcome
    this.buffered++
    if (!this.#ordered) this.#queue.push(item)
  }

  /**
   * @param {Item} item
   * @param {unknown} result
   */
  #hand (item, result) {
    this.#remove(item)
    this.#stall?.delivered()
    this.#sink.deliver(result)
  }

  /** @param {Item} item */
  #remove (item) {
    this.size--
    this.bytes -= item.bytes
  }
}

module.exports = { Outlet }
