'use strict'

const { Fifo } = require('./fifo.js')
const { READY, SKIPPED, FAILED, DROPPED } = require('./item.js')
const { Parts } = require('./parts.js')

/**
 * The consumer of a flow. After `end()` or `fail()`, no other method is called. Only `accepts()` may throw.
 *
 * @typedef {object} Sink
 * @property {() => boolean} wants whether the consumer takes a result now
 * @property {(result: any) => boolean} accepts returns false to leave the result out. An exception fails the item
 * @property {(result: any) => void} deliver
 * @property {() => number} [kept] how many delivered results the sink still holds for its reader
 * @property {(stats: import('./job.js').Stats) => void} end
 * @property {(error: unknown) => void} fail
 */

/** @typedef {import('./item.js').Item<any>} Item */

/**
 * The items that have started and are not yet delivered, in the order of delivery: the order of the source, or the order
 * in which they get their outcomes.
 */
class DeliveryQueue {
  /** Items that have started and whose outcome the consumer has not taken. */
  untaken = 0
  /** The size of the untaken items. */
  bytes = 0
  /** Items that have their outcome and wait for the consumer or for an earlier item. */
  settled = 0
  peakBuffered = 0
  #closed = false
  #delivering = false
  #ordered
  #sink
  #stall
  /** @type {Fifo<Item>} */
  #queue = new Fifo()
  /** @type {Fifo<Item>} delivered, and still kept by the sink for its reader */
  #kept = new Fifo()

  /**
   * @param {boolean} ordered
   * @param {Sink} sink
   * @param {import('./stall-watch.js').StallWatch | undefined} stall
   */
  constructor (ordered, sink, stall) {
    this.#ordered = ordered
    this.#sink = sink
    this.#stall = stall
  }

  /** @returns {boolean} whether a result is ready that the consumer did not want when last asked */
  get blocked () {
    return this.#kept.length > 0 || this.#queue.peek()?.state === READY
  }

  /** The number of results that the sink keeps for its reader. */
  get kept () {
    return this.#kept.length
  }

  /** Whether everything is delivered. The sink may still keep some of it. */
  get isEmpty () {
    return this.untaken === this.#kept.length
  }

  /** The number of outcomes that wait. */
  get buffered () {
    return this.settled + this.#kept.length
  }

  /** @param {Item} item that starts */
  add (item) {
    this.untaken++
    this.bytes += item.bytes
    if (this.#ordered) this.#queue.push(item)
  }

  /**
   * @param {Item} item
   * @param {unknown} result
   */
  succeed (item, result) {
    if (this.#ordered || this.settled > 0 || !this.#sink.wants()) {
      this.#settle(item, READY, result)
    } else {
      item.state = READY
      this.#deliverOne(item, result)
    }
  }

  /**
   * Adds one of the results of an item that still runs, with `flatten`.
   *
   * @param {Item} item
   * @param {unknown} result
   * @returns {Parts}
   */
  addPart (item, result) {
    item.parts ??= new Parts()
    const part = item.parts.make(result, item.index)
    this.settled++
    if (this.#ordered) item.parts.queue.push(part)
    else this.#queue.push(part)
    return item.parts
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
   * Delivers as much as the sink wants and the order allows. A call during a delivery returns at once, because the outer call
   * continues.
   *
   * @returns {Item | undefined} the next item to deliver, if it has failed
   */
  deliver () {
    if (this.#delivering) return
    this.#delivering = true
    let failed
    for (let item = this.#queue.peek(); item !== undefined; item = this.#queue.peek()) {
      if (item.parts !== undefined) {
        if (!this.#deliverParts(item.parts)) break
        if (this.#queue.peek() !== item) continue // the consumer has ended the flow or called stop()
      }
      if (item.state < READY || (item.state === READY && !this.#sink.wants())) break
      if (item.state === FAILED) {
        if (this.#kept.length === 0) failed = item
        break
      }
      this.#queue.shift()
      this.settled--
      if (item.state === READY) this.#deliverOne(item, item.value)
      else this.#markTaken(item)
    }
    this.#delivering = false
    if (this.buffered > this.peakBuffered) this.peakBuffered = this.buffered
    return failed
  }

  /** @returns {boolean} whether the reader of the sink has taken something since the last call */
  trim () {
    const before = this.#kept.length
    if (before === 0) return false
    const now = /** @type {() => number} */ (this.#sink.kept)()
    while (this.#kept.length > now) {
      const item = /** @type {Item} */ (this.#kept.shift())
      if (item.partOf !== undefined) this.untaken--
      this.#markTaken(item)
    }
    return this.#kept.length < before
  }

  /**
   * Drops the items after the one whose handler called `stop()`.
   *
   * @param {Item[]} running
   * @param {number} index of the last item to deliver
   * @returns {number} how many items were dropped, not counting those that had no result
   */
  drop (running, index) {
    let dropped = 0
    for (const item of running) {
      if (item.index <= index || item.state >= READY) continue // already in the queue, or delivered
      this.#drop(item)
      dropped++
    }
    const queue = this.#queue
    this.#queue = new Fifo()
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      if (item.index <= index) this.#queue.push(item)
      else if (item.state !== DROPPED) {
        if (item.state !== SKIPPED && item.partOf === undefined) dropped++
        this.settled--
        this.#drop(item)
      }
    }
    return dropped
  }

  close () {
    this.#closed = true
    this.untaken = 0
    this.bytes = 0
    this.settled = 0
    this.#queue.clear()
    this.#kept.clear()
  }

  /**
   * @param {Item} item
   * @param {number} state
   * @param {unknown} outcome
   */
  #settle (item, state, outcome) {
    item.state = state
    item.value = outcome
    this.settled++
    if (!this.#ordered) this.#queue.push(item)
  }

  /**
   * @param {Parts} parts
   * @returns {boolean} whether all were delivered
   */
  #deliverParts ({ queue }) {
    while (queue.length > 0 && !this.#closed) {
      if (!this.#sink.wants()) return false
      const part = /** @type {Item} */ (queue.shift())
      this.settled--
      this.#deliverOne(part, part.value)
    }
    return true
  }

  /**
   * @param {Item} item
   * @param {unknown} result
   */
  #deliverOne (item, result) {
    this.#stall?.delivered()
    if (this.#sink.kept === undefined) {
      this.#markTaken(item)
      this.#sink.deliver(result)
      return
    }
    this.#sink.deliver(result)
    if (this.#closed) return
    if (this.#sink.kept() > this.#kept.length) {
      this.#kept.push(item)
      if (item.partOf !== undefined) this.untaken++ // counted separately from its item, which may be taken earlier
    } else {
      this.#markTaken(item)
      this.trim()
    }
  }

  /** @param {Item} item whose outcome was taken, or was left out */
  #markTaken ({ bytes, parts, partOf }) {
    if (partOf === undefined) {
      this.untaken--
      if (parts !== undefined && parts.untaken > 0) parts.bytes = bytes
      else this.bytes -= bytes
    } else {
      partOf.onTaken()
      if (partOf.untaken > 0) return
      this.bytes -= partOf.bytes
      partOf.bytes = 0
    }
  }

  /** @param {Item} item */
  #drop (item) {
    if (item.parts !== undefined) {
      const { queue } = item.parts
      this.settled -= queue.length
      item.parts.untaken -= queue.length
      queue.clear()
      item.parts.wake()
    }
    this.#markTaken(item)
    item.state = DROPPED
  }
}

module.exports = { DeliveryQueue }
