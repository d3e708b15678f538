'use strict'

const { defer } = require('./deferred.js')
const { Flow } = require('./flow.js')
const { asJob } = require('./job.js')
const { checkHandler, readStreamOptions } = require('./options.js')
const { openSource } = require('./source/index.js')

/**
 * Runs the handler on every item of the source, at most `concurrency` at a time.
 *
 * @template T
 * @param {import('./source/index.js').Source<T>} source
 * @param {import('./handler-context.js').Handler<T>} handler
 * @param {import('./options.js').Options<T, unknown>} options
 * @returns {Promise<import('./job.js').Stats> & AsyncDisposable & import('./job.js').Job} disposing of it aborts the running
 *   handlers
 * @throws {TypeError | RangeError} for a wrong argument or option
 */
function forEachConcurrent (source, handler, options) {
  checkHandler('forEachConcurrent', handler)
  const settings = readStreamOptions('forEachConcurrent', options)
  // There are no results to order, only errors.
  settings.ordered &&= settings.errorOrder === 'inOrder'
  const completion = new Completion()
  const flow = new Flow(openSource('forEachConcurrent', source), handler, settings, completion)
  queueMicrotask(() => flow.start()) // later, because the handler may use the job that this function returns
  return asJob(Object.defineProperty(/** @type {Promise<any> & AsyncDisposable} */ (completion.promise), Symbol.asyncDispose, {
    value: async () => {
      const reason = new DOMException('the job was disposed of', 'AbortError')
      flow.close(reason)
      completion.leave(reason)
      await flow.disposed()
    }
  }), flow)
}

/** A sink that discards the results and waits for the end. */
class Completion {
  /** @type {import('./deferred.js').Deferred<import('./job.js').Stats>} */
  #deferred = defer()
  promise = this.#deferred.promise

  wants () {
    return true
  }

  accepts () {
    return true
  }

  deliver () {}

  /** @param {import('./job.js').Stats} stats */
  end (stats) {
    this.#deferred.resolve(stats)
  }

  /** @param {unknown} error */
  fail (error) {
    this.#deferred.reject(error)
  }

  /**
   * Rejects the promise because the job is disposed of. The promise may have no consumer, so the rejection must not count
   * as unhandled.
   *
   * @param {unknown} error with which the promise rejects, unless it has settled
   */
  leave (error) {
    this.promise.catch(() => {})
    this.fail(error)
  }
}

module.exports = { forEachConcurrent }
