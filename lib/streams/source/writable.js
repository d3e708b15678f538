'use strict'

const { AsyncResource } = require('node:async_hooks')

const { Fifo } = require('../fifo.js')
const { END, WAIT } = require('./answers.js')

/** @typedef {import('../intake.js').Origin | undefined} Origin */

/**
 * The writable side of a Duplex as a source. Chunks that have no slot yet wait here: when as many do as may, the callback of
 * the last is held until none waits.
 *
 * @template T
 */
class WritableSource {
  /** A handler runs in the context of who wrote its item. */
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

  /** @param {number} most how many may wait, at least 1 */
  constructor (most) {
    this.#most = most
  }

  /** @param {import('../intake.js').Intake<T>} intake */
  connect (intake) {
    this.#intake = intake
  }

  /** @returns {import('./answers.js').Answer<T>} */
  pull () {
    if (this.#waiting.length === 1) this.#release() // before it is taken: what follows may be the end
    const next = this.#waiting.shift()
    if (next === undefined) {
      if (this.#ended) return END
      this.#wanted = true
      return WAIT
    }
    this.#intake.origin = next.origin
    return next.item
  }

  /** Whether what is written now waits in the stream's own buffer. */
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
   * @param {Origin} origin with the writer's context, where that is not the present one
   * @param {() => void} accepted
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

  /** Nothing is written any more. */
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

/** @returns {import('../intake.js').Origin} for a handler that runs later */
function contextOfNow () {
  return { context: new AsyncResource('spillway.item') }
}

module.exports = { WritableSource, contextOfNow }
