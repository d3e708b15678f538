'use strict'

const { AsyncResource } = require('node:async_hooks')

const { Fifo } = require('../fifo.js')
const { END, WAIT } = require('./answers.js')

/** @typedef {import('../intake.js').Origin | undefined} Origin */

/**
 * The writable side of a Duplex as a source. Chunks that have no slot yet wait here. When their maximum number is
 * reached, the write callback of the last one is delayed until that chunk is taken.
 *
 * @template T
 */
class WritableSource {
  /** A handler runs in the asynchronous context in which its item was written. */
  givesContexts = true
  /** @type {import('../intake.js').Intake<T>} */
  #intake = /** @type {any} */ (undefined) // until it connects
  #most
  #wanted = false
  /** @type {Fifo<{ item: T, origin: Origin }>} */
  #waiting = new Fifo()
  /** @type {(() => void) | undefined} */
  #held
  #ended = false
  #closed = false

  /** @param {number} most how many chunks may wait, at least 1 */
  constructor (most) {
    this.#most = most
  }

  /** @param {import('../intake.js').Intake<T>} intake */
  connect (intake) {
    this.#intake = intake
  }

  /** @returns {import('./answers.js').Answer<T>} */
  pull () {
    if (this.#waiting.length === 1) this.#release() // before the chunk is taken, because end() may follow
    const next = this.#waiting.shift()
    if (next === undefined) {
      if (this.#ended) return END
      this.#wanted = true
      return WAIT
    }
    this.#intake.origin = next.origin
    return next.item
  }

  /** Whether a chunk that is written now would wait in the writable buffer of the stream. */
  get holds () {
    return this.#held !== undefined
  }

  close () {
    this.#closed = true
    this.#wanted = false
    this.#intake.discarded += this.#waiting.length
    this.#waiting.clear()
    this.#release()
  }

  /**
   * @param {T} item
   * @param {Origin} origin with the context of the writer, if that is not the current one
   * @param {() => void} accepted the write callback
   */
  write (item, origin, accepted) {
    if (this.#wanted) {
      this.#wanted = false
      accepted()
      this.#intake.receive(item, origin)
      if (!this.#intake.isEmpty) this.#intake.origin ??= contextOfNow()
    } else if (this.#closed) {
      this.#intake.discarded++
      accepted()
    } else {
      this.#waiting.push({ item, origin: origin ?? contextOfNow() })
      if (this.#waiting.length < this.#most) accepted()
      else this.#held = accepted
    }
  }

  /** Must be called when the writer has ended. */
  end () {
    this.#ended = true
    if (this.#waiting.length === 0) this.#intake.end()
  }

  #release () {
    const held = this.#held
    this.#held = undefined
    held?.()
  }
}

/** @returns {import('../intake.js').Origin} the current asynchronous context, for a handler that runs later */
function contextOfNow () {
  return { context: new AsyncResource('spillway.item') }
}

module.exports = { WritableSource, contextOfNow }
