'use strict'

const { defer } = require('./deferred.js')
const { Flow } = require('./flow.js')
const { asJob } = require('./job.js')
const { checkHandler, readOptions } = require('./options.js')
const { openSource } = require('./source/index.js')

/**
 * Runs the handler on every item of the source, at most `concurrency` at a time.
 *
 * @template T
 * @param {import('./source/index.js').Source<T>} source
 * @param {import('./flow.js').Handler<T>} handler
 * @param {import('./options.js').Options<T, unknown>} options
 * @returns {Promise<import('./job.js').Stats> & import('./job.js').Job}
 * @throws {TypeError | RangeError} for a wrong argument or option
 */
function forEachConcurrent (source, handler, options) {
  checkHandler(handler)
  const settings = readOptions(options)
  // Without results there is only the order of errors to keep.
  settings.ordered &&= settings.errorOrder === 'inOrder'
  /** @type {import('./deferred.js').Deferred<import('./job.js').Stats>} */
  const { promise, resolve, reject } = defer()
  const flow = new Flow(openSource(source), handler, settings, {
    wants: () => true,
    admits: () => true,
    deliver () {},
    end: () => resolve(flow.stats()),
    fail: reject
  })
  queueMicrotask(() => flow.start()) // not now: the handler may use the job that this call returns
  return asJob(promise, flow)
}

module.exports = { forEachConcurrent }
