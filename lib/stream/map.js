'use strict'

const { defer } = require('./deferred.js')
const { Fifo } = require('./fifo.js')
const { Flow } = require('./flow.js')
const { asJob } = require('./job.js')
const { checkHandler, readOptions } = require('./options.js')
const { openSource } = require('./source/index.js')

/**
 * @template R
 * @typedef {AsyncIterableIterator<R> & AsyncDisposable & import('./job.js').Job} ConcurrentIterator
 */

/**
 * The results as an async iterator. Nothing is pulled before the first `next()`.
 *
 * @template T, R
 * @param {import('./source/index.js').Source<T>} source
 * @param {import('./flow.js').Handler<T, R>} handler
 * @param {import('./options.js').Options<T, R>} options
 * @returns {ConcurrentIterator<R>}
 * @throws {TypeError | RangeError} for a wrong argument or option
 */
function mapConcurrent (source, handler, options) {
  checkHandler(handler)
  const settings = readOptions(options)
  const results = new Results()
  const flow = new Flow(openSource(source), handler, settings, results)
  return asJob(new ResultIterator(flow, results), flow)
}

/**
 * Matches results with the calls of `next()` that wait for them.
 *
 * @template R
 */
class Results {
  /** @type {Fifo<import('./deferred.js').Deferred<IteratorResult<R, undefined>>>} */
  #waiting = new Fifo()
  /** @type {{ error: unknown } | undefined} an error that no call has been told */
  #untold
  #over = false

  /** @returns {Promise<IteratorResult<R, undefined>>} */
  next () {
    if (this.#untold !== undefined) {
      const { error } = this.#untold
      this.#untold = undefined
      return Promise.reject(error)
    }
    if (this.#over) return Promise.resolve({ done: true, value: undefined })
    const deferred = defer()
    this.#waiting.push(deferred)
    return deferred.promise
  }

  wants () {
    return this.#waiting.length > 0
  }

  admits () {
    return true
  }

  /** @param {R} value */
  deliver (value) {
    this.#waiting.shift()?.resolve({ done: false, value })
  }

  end () {
    this.#over = true
    while (this.wants()) this.#waiting.shift()?.resolve({ done: true, value: undefined })
  }

  close () {
    this.#untold = undefined
    this.end()
  }

  /** @param {unknown} error */
  fail (error) {
    if (this.#over) return
    if (this.wants()) this.#waiting.shift()?.reject(error)
    else this.#untold = { error }
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

  /** @param {any} [value] */
  async return (value) {
    if (this.#leave()) await this.#flow.released()
    return { done: /** @type {const} */ (true), value }
  }

  async [Symbol.asyncDispose] () {
    this.#leave()
    await this.#flow.idle
    await this.#flow.released()
  }

  [Symbol.asyncIterator] () {
    return this
  }

  /** @returns {boolean} whether the source is released soon */
  #leave () {
    const soon = this.#flow.close(new DOMException('the consumer wants no more results', 'AbortError'))
    this.#results.close()
    return soon
  }
}

module.exports = { mapConcurrent }
