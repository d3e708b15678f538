'use strict'

const { AsyncResource } = require('node:async_hooks')

const { defer } = require('./deferred.js')
const { Fifo } = require('./fifo.js')
const { Flow } = require('./flow.js')
const { asJob } = require('./job.js')
const { checkHandler, readStreamOptions } = require('./options.js')
const { END, WAIT } = require('./source/answers.js')

/**
 * An item that was added, with the asynchronous context of `add()` and the promise that it returned.
 *
 * @template T, R
 * @typedef {{ item: T, context: AsyncResource, outcome: import('./deferred.js').Deferred<R> }} Task
 */

/**
 * @template T, R
 * @typedef {object} QueueMethods
 * @property {(item: T) => Promise<R>} add adds an item. The promise resolves with the result of the handler, or rejects
 *   with its error. An error does not affect other items
 * @property {() => Promise<void>} close stops accepting items. The promise resolves when all items that were added are
 *   done
 * @property {() => number} clear drops the waiting items and returns their number. Their promises reject with an AbortError
 * @property {number} size the number of waiting items
 */

/**
 * @template T, R
 * @typedef {QueueMethods<T, R> & AsyncDisposable & import('./job.js').Job} Queue
 */

/**
 * Creates a job whose items are added one by one. Each handler runs in the asynchronous context in which its item was added.
 *
 * @template T, R
 * @param {import('./handler-context.js').Handler<T, R>} handler
 * @param {import('./options.js').QueueOptions} options
 * @returns {Queue<T, Awaited<R>>}
 * @throws {TypeError | RangeError} for a wrong argument or option
 */
function concurrentQueue (handler, options) {
  checkHandler('concurrentQueue', handler)
  const settings = readStreamOptions('concurrentQueue', options)
  return /** @type {any} */ (new ConcurrentQueue(handler, settings))
}

/** @template T, R */
class ConcurrentQueue {
  /** @type {AddedItems<T, R>} */
  #tasks = new AddedItems()
  #flow

  /**
   * @param {import('./handler-context.js').Handler<T, R>} handler
   * @param {import('./options.js').Settings} settings
   */
  constructor (handler, settings) {
    /** @type {NonNullable<import('./options.js').QueueSettings['adapt']>} */
    const adapt = handler => async ({ item, context, outcome }, handlerContext) => {
      try {
        outcome.resolve(await context.runInAsyncScope(handler, undefined, item, handlerContext))
      } catch (error) {
        outcome.reject(error)
        throw error
      }
    }
    /** @type {import('./error-policy.js').OnError<Task<T, R>, any>} */
    const onError = (error, { item: { outcome } }) => {
      outcome.reject(error) // an item that timed out fails although its handler may still run
      return 'skip'
    }
    this.#flow = new Flow(this.#tasks, /** @type {any} */ (handler), { ...settings, ordered: false, onError, adapt }, {
      wants: () => true,
      accepts: () => true,
      deliver () {},
      end () {},
      fail: error => this.#tasks.refuse(error)
    })
    asJob(this, this.#flow)
    this.#flow.start()
  }

  /**
   * @param {T} item
   * @returns {Promise<R>}
   */
  add (item) {
    return this.#tasks.add(item)
  }

  /** @returns {Promise<void>} */
  close () {
    this.#tasks.end(closedError())
    return this.#flow.idle
  }

  /** @returns {number} */
  clear () {
    const count = this.#tasks.clear(new DOMException('the item was dropped by clear()', 'AbortError'))
    this.#flow.advance()
    return count
  }

  get size () {
    return this.#tasks.size
  }

  async [Symbol.asyncDispose] () {
    await this.close()
  }
}

/**
 * The source of a queue: the items that were added.
 *
 * @template T, R
 */
class AddedItems {
  /** @type {Fifo<Task<T, R>>} */
  #waiting = new Fifo()
  /** @type {import('./intake.js').Intake<Task<T, R>>} */
  #intake = /** @type {any} */ (undefined) // until it connects
  #wanted = false
  /** @type {{ error: unknown } | undefined} why `add()` accepts no more items */
  #refusal

  get size () {
    return this.#waiting.length + (this.#intake.isEmpty ? 0 : 1)
  }

  /** @param {import('./intake.js').Intake<Task<T, R>>} intake */
  connect (intake) {
    this.#intake = intake
  }

  pull () {
    const task = this.#waiting.shift()
    if (task !== undefined) return task
    if (this.#refusal !== undefined) return END
    this.#wanted = true
    return WAIT
  }

  /**
   * @param {boolean} early
   * @param {unknown} [reason]
   */
  close (early, reason) {
    if (early) this.refuse(reason)
  }

  /** @param {Task<T, R>} task that has not started */
  giveBack ({ outcome }) {
    outcome.reject(this.#refusal?.error)
  }

  /**
   * @param {T} item
   * @returns {Promise<R>}
   */
  add (item) {
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal.error)
    /** @type {Task<T, R>} */
    const task = { item, context: new AsyncResource('spillway.item'), outcome: defer() }
    if (this.#wanted) {
      this.#wanted = false
      this.#intake.receive(task)
    } else {
      this.#waiting.push(task)
    }
    return task.outcome.promise
  }

  /** @param {unknown} error with which `add()` rejects from now on */
  end (error) {
    if (this.#refusal !== undefined) return
    this.#refusal = { error }
    if (this.#waiting.length === 0) this.#intake.end()
  }

  /** @param {unknown} error with which `add()` rejects from now on; the waiting items reject with it, too */
  refuse (error) {
    this.#refusal ??= { error }
    this.clear(error)
  }

  /** @param {unknown} error */
  clear (error) {
    const { size } = this
    if (!this.#intake.isEmpty) {
      this.#intake.take().outcome.reject(error)
      this.#intake.discarded++
    }
    for (let task = this.#waiting.shift(); task !== undefined; task = this.#waiting.shift()) task.outcome.reject(error)
    return size
  }
}

function closedError () {
  return Object.assign(new Error('spillway/stream: the queue is closed'), { code: 'SPILLWAY_QUEUE_CLOSED' })
}

module.exports = { concurrentQueue }
