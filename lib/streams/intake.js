'use strict'

const { WAIT, END } = require('./source/answers.js')

/** @type {unique symbol} */
const NOTHING = Symbol('nothing')

/**
 * Additional facts about an item: the asynchronous context of its handler, or the rejection of the promise that is the item.
 *
 * @typedef {{ context?: import('node:async_hooks').AsyncResource, rejection?: { error: unknown } }} Origin
 */

/**
 * Asks the source for one item at a time, and keeps it until it can start.
 *
 * @template T
 */
class Intake {
  pulled = 0
  /** Items that the source still had when the flow no longer needed any. */
  discarded = 0
  /** The source was asked for an item and has not answered. */
  waiting = false
  /** The source has no more items. Its last one may still wait here. */
  ended = false
  /** The size of the waiting item. */
  bytes = 0
  /** Of the waiting item. @type {Origin | undefined} */
  origin
  /** Settles when the closed source is released, if that takes time. @type {Promise<void> | undefined} */
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
   * @param {() => void} onChange called when an item or the end arrives asynchronously, not as the return value of `fetch()`
   * @param {(error: unknown, bySource: boolean) => void} onError called when the source (`bySource`) or `sizeOf` fails
   */
  constructor (source, sizeOf, onChange, onError) {
    this.#source = source
    this.#sizeOf = sizeOf
    this.#onChange = onChange
    this.#onError = onError
    source.connect?.(this)
  }

  /** Whether the source takes back an item that does not start. */
  get givesBack () {
    return this.#source.giveBack !== undefined
  }

  get isEmpty () {
    return this.#item === NOTHING
  }

  /** @returns {boolean} whether an item waits. If not, the source has been asked for one */
  fetch () {
    if (this.#item === NOTHING && !this.waiting && !this.ended) this.#pull()
    return this.#item !== NOTHING
  }

  /** @returns {T} the waiting item. It is a promise only if that promise was rejected */
  take () {
    const item = /** @type {T} */ (this.#item)
    this.#item = NOTHING
    return item
  }

  /**
   * Gives the waiting item back, if the source takes it, and closes the source.
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
    this.released?.catch(() => {}) // never unhandled: a consumer that stops early need not wait for it
  }
}

module.exports = { Intake }
