'use strict'

const { WAIT, END } = require('./source/answers.js')

/** @type {unique symbol} */
const NOTHING = Symbol('nothing')

/**
 * What is particular about an item: its handler runs in a context of its own, or the item is a promise that was rejected.
 *
 * @typedef {{ context?: import('node:async_hooks').AsyncResource, rejection?: { error: unknown } }} Origin
 */

/**
 * The way in: asks the source for one item at a time, and keeps the one that came until it may start.
 *
 * @template T
 */
class Intake {
  pulled = 0
  /** Items that the source had when nobody wanted them any more. */
  discarded = 0
  /** A request is outstanding. */
  waiting = false
  /** The source gives no further item. One that it gave may still be here. */
  ended = false
  /** Of the item that is here. */
  bytes = 0
  /** Of the item that is here, where there is something to tell. @type {Origin | undefined} */
  origin
  /** Once it is closed, where there is something to wait for. @type {Promise<void> | undefined} */
  released
  /** @type {T | PromiseLike<T> | typeof NOTHING} */
  #item = NOTHING
  #closed = false
  #source
  #sizeOf
  #onChange
  #onError

  /**
   * @param {import('./source/index.js').OpenSource<T>} source
   * @param {((item: T) => number) | undefined} sizeOf
   * @param {() => void} onChange an item came, or the end, other than as the answer of `fetch`
   * @param {(error: unknown, bySource: boolean) => void} onError the source failed, or else `sizeOf` did
   */
  constructor (source, sizeOf, onChange, onError) {
    this.#source = source
    this.#sizeOf = sizeOf
    this.#onChange = onChange
    this.#onError = onError
    source.connect?.(this)
  }

  /** Whether an item that does not start can be left in the source. */
  get givesBack () {
    return this.#source.giveBack !== undefined
  }

  get isEmpty () {
    return this.#item === NOTHING
  }

  /** @returns {boolean} whether an item is here; if none is, one was asked for */
  fetch () {
    if (this.#item === NOTHING && !this.waiting && !this.ended) this.#pull()
    return this.#item !== NOTHING
  }

  /** @returns {T} the item that is here; a promise only where that was rejected */
  take () {
    const item = /** @type {T} */ (this.#item)
    this.#item = NOTHING
    return item
  }

  /**
   * Gives up the item and the source.
   *
   * @param {boolean} destroy
   * @param {unknown} [reason]
   */
  close (destroy, reason) {
    const item = this.#closed || this.origin?.rejection !== undefined ? NOTHING : this.#item
    this.ended = true
    this.waiting = false
    this.#item = NOTHING
    this.#closeSource(destroy, reason)
    if (item !== NOTHING) this.#source.giveBack?.(/** @type {T} */ (item))
  }

  /**
   * @param {T} item
   * @param {Origin} [origin]
   */
  receive (item, origin) {
    if (this.#closed) return
    this.waiting = false
    this.origin = origin
    this.#keep(item)
    this.#onChange()
  }

  /**
   * @param {PromiseLike<T>} element
   * @param {unknown} error
   */
  receiveRejected (element, error) {
    if (this.#closed) return
    this.waiting = false
    this.pulled++
    this.#item = element
    this.origin = { rejection: { error } }
    this.bytes = 0
    this.#onChange()
  }

  end () {
    if (this.#closed) return
    this.waiting = false
    this.ended = true
    this.#closeSource(false)
    this.#onChange()
  }

  /** @param {unknown} error */
  sourceFailed (error) {
    if (this.#closed) return
    this.waiting = false
    this.#onError(error, true)
  }

  #pull () {
    this.waiting = true
    this.origin = undefined
    let answer
    try {
      answer = this.#source.pull(this)
    } catch (error) {
      return this.sourceFailed(error)
    }
    if (answer === WAIT || this.#closed) return
    if (answer === END) return this.end()
    this.waiting = false
    this.#keep(/** @type {T} */ (answer))
  }

  /** @param {T} item */
  #keep (item) {
    this.pulled++
    this.#item = item
    if (this.#sizeOf === undefined) return
    try {
      this.bytes = this.#sizeOf(item)
    } catch (error) {
      this.#onError(error, false)
    }
  }

  /**
   * @param {boolean} destroy
   * @param {unknown} [reason]
   */
  #closeSource (destroy, reason) {
    if (this.#closed) return
    this.#closed = true
    this.released = this.#source.close(destroy, reason) ?? undefined
    this.released?.catch(() => {}) // whoever stops early has a reason of their own, and need not wait
  }
}

module.exports = { Intake }
