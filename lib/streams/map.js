'use strict'

const { defer } = require('./deferred.js')
const { Fifo } = require('./fifo.js')
const { Flow } = require('./flow.js')
const { asJob } = require('./job.js')
const { checkHandler, readStreamOptions } = require('./options.js')
const { openSource } = require('./source/index.js')

/**
 * @template R
 * @typedef {AsyncIterableIterator<R> & AsyncDisposable & import('./job.js').Job & ToArray<R>} ConcurrentIterator
 */

/**
 * @template R
 * @typedef {object} ToArray
 * @property {() => Promise<R[]>} toArray resolves to an array of all results. Call it instead of `next()`: after a call
 *   of `next()`, it rejects
 */

/**
 * @template R
 * @typedef {Exclude<R, typeof import('./skip.js').skip>} Kept a result that is not `skip`
 */

/**
 * What a handler returns if `flatten` is true.
 *
 * @template R
 * @typedef {Iterable<R | PromiseLike<R>> | AsyncIterable<R>} Several
 */

/**
 * Returns the results as an async iterator. Nothing is taken from the source before the first `next()`.
 *
 * @template T, R
 * @overload
 * @param {import('./source/index.js').Source<T>} source
 * @param {import('./handler-context.js').Handler<T, Several<R>>} handler
 * @param {import('./options.js').Options<T, R> & { flatten: true, onError: 'settle' }} options
 * @returns {ConcurrentIterator<import('./error-policy.js').Settled<Kept<R>>>}
 * @throws {TypeError | RangeError} for a wrong argument or option
 */
/**
 * @template T, R
 * @overload
 * @param {import('./source/index.js').Source<T>} source
 * @param {import('./handler-context.js').Handler<T, Several<R>>} handler
 * @param {import('./options.js').Options<T, R> & { flatten: true }} options
 * @returns {ConcurrentIterator<Kept<R>>}
 */
/**
 * @template T, R
 * @overload
 * @param {import('./source/index.js').Source<T>} source
 * @param {import('./handler-context.js').Handler<T, R>} handler
 * @param {import('./options.js').Options<T, R> & { onError: 'settle' }} options
 * @returns {ConcurrentIterator<import('./error-policy.js').Settled<Kept<R>>>}
 */
/**
 * @template T, R
 * @overload
 * @param {import('./source/index.js').Source<T>} source
 * @param {import('./handler-context.js').Handler<T, R>} handler
 * @param {import('./options.js').Options<T, R>} options
 * @returns {ConcurrentIterator<Kept<R>>}
 */
/**
 * @param {import('./source/index.js').Source<any>} source
 * @param {import('./handler-context.js').Handler<any, any>} handler
 * @param {import('./options.js').Options} options
 * @returns {ConcurrentIterator<any>}
 */
function mapConcurrent (source, handler, options) {
  checkHandler('mapConcurrent', handler)
  const settings = readStreamOptions('mapConcurrent', options)
  const results = new Results()
  const flow = new Flow(openSource('mapConcurrent', source), handler, settings, results)
  return asJob(new ResultIterator(flow, results), flow)
}

/**
 * A sink that resolves the waiting calls of `next()` with the results, or keeps all results for `toArray()`.
 *
 * @template R
 */
class Results {
  /** @type {R[] | undefined} */
  #all
  /** @type {import('./deferred.js').Deferred<R[]>} of `toArray()` */
  #array = defer()
  /** @type {Fifo<import('./deferred.js').Deferred<IteratorResult<R, undefined>>>} */
  #waiting = new Fifo()
  /** @type {{ error: unknown } | undefined} an error that no call of `next()` has reported yet */
  #unreported
  #finished = false

  /** @returns {Promise<IteratorResult<R, undefined>>} */
  next () {
    if (this.#unreported !== undefined) {
      const { error } = this.#unreported
      this.#unreported = undefined
      return Promise.reject(error)
    }
    if (this.#finished) return Promise.resolve({ done: true, value: undefined })
    const deferred = defer()
    this.#waiting.push(deferred)
    return deferred.promise
  }

  /** @returns {Promise<R[]>} */
  toArray () {
    this.#all = []
    if (this.#unreported !== undefined) this.#array.reject(this.#unreported.error)
    else if (this.#finished) this.#array.resolve([])
    this.#unreported = undefined
    return this.#array.promise
  }

  wants () {
    return this.#all !== undefined || this.#waiting.length > 0
  }

  accepts () {
    return true
  }

  /** @param {R} value */
  deliver (value) {
    if (this.#all !== undefined) this.#all.push(value)
    else this.#waiting.shift()?.resolve({ done: false, value })
  }

  end () {
    this.#finished = true
    if (this.#all !== undefined) this.#array.resolve(this.#all)
    while (this.#waiting.length > 0) this.#waiting.shift()?.resolve({ done: true, value: undefined })
  }

  /** @param {unknown} reason with which `toArray()` rejects */
  close (reason) {
    this.#unreported = undefined
    if (this.#all !== undefined) {
      this.#array.promise.catch(() => {})
      this.#array.reject(reason)
    }
    this.end()
  }

  /** @param {unknown} error */
  fail (error) {
    if (this.#finished) return
    if (this.#all !== undefined) this.#array.reject(error)
    else if (this.#waiting.length > 0) this.#waiting.shift()?.reject(error)
    else this.#unreported = { error }
    this.end()
  }
}

/** @template R */
class ResultIterator {
  #flow
  #results

  /**
   * @param {Flow<any>} flow
   * @param {Results<R>} results
   */
  constructor (flow, results) {
    this.#flow = flow
    this.#results = results
  }

  next () {
    const result = this.#results.next()
    this.#flow.start()
    return result
  }

  /** @returns {Promise<R[]>} */
  toArray () {
    if (this.#flow.hasStarted) return Promise.reject(new Error('spillway/stream: toArray() must be called before the first result is requested'))
    const results = this.#results.toArray()
    this.#flow.liftHighWaterMark()
    this.#flow.start()
    return results
  }

  /** @param {any} [value] */
  async return (value) {
    if (this.#leave()) await this.#flow.released()
    return { done: /** @type {const} */ (true), value }
  }

  async [Symbol.asyncDispose] () {
    this.#leave()
    await this.#flow.disposed()
  }

  [Symbol.asyncIterator] () {
    return this
  }

  /** @returns {boolean} whether to wait for the release of the source */
  #leave () {
    const reason = new DOMException('the consumer stopped reading', 'AbortError')
    const soon = this.#flow.close(reason)
    this.#results.close(reason)
    return soon
  }
}

module.exports = { mapConcurrent }
