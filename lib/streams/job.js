'use strict'

const { checkLimit } = require('./options.js')

/**
 * @typedef {object} Stats
 * @property {number} pulled items taken from the source
 * @property {number} concurrency how many handlers may run now
 * @property {number} inFlight handlers running
 * @property {number} buffered outcomes that wait for the consumer, or for that of an earlier item
 * @property {number} bytes of the items started and not yet delivered, where `maxBytes` or `sizeOf` is given
 * @property {number} completed handlers that succeeded
 * @property {number} failed handlers that failed, or ran out of time
 * @property {number} skipped items that gave no result and did not stop the rest
 * @property {number} retries attempts beyond the first, of all items
 * @property {number} lateErrors errors after the first of those that stop, or after the end
 * @property {number} peakInFlight
 * @property {number} peakBuffered
 * @property {number} sourceWaitMs time in which a slot was free and the source had nothing to give
 * @property {number} handlersWaitMs time in which every slot was taken, or an earlier item held back the results
 * @property {number} consumerWaitMs time in which results were ready and nobody took them
 */

/**
 * @typedef {object} Job
 * @property {() => Stats} stats
 * @property {number} concurrency the present number. May be set while running, which also ends 'auto': what runs beyond a
 *   lower limit is not cancelled
 * @property {Promise<void>} idle resolved when the job is over, no handler is running, and the source is released, for which
 *   it waits at most 1 s; never rejected
 */

/**
 * @template {object} T
 * @param {T} target
 * @param {import('./flow.js').Flow<any>} flow
 * @returns {T & Job} the same object, with a job's members
 */
function asJob (target, flow) {
  Object.defineProperties(target, {
    stats: { value: () => flow.stats() },
    concurrency: {
      get: () => flow.concurrency,
      set (limit) {
        checkLimit(limit)
        flow.concurrency = limit
      }
    },
    idle: { get: () => flow.idle }
  })
  return /** @type {T & Job} */ (target)
}

module.exports = { asJob }
