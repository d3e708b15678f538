'use strict'

const { checkLimit } = require('./options.js')

/**
 * @typedef {object} Stats
 * @property {number} pulled items taken from the source
 * @property {number} concurrency how many handlers may run now
 * @property {number} inFlight how many handlers are running
 * @property {number} buffered outcomes that wait for the consumer or for an earlier item
 * @property {number} bytes the size of the items that have started and are not yet delivered; 0 without `maxBytes` and
 *   `sizeOf`
 * @property {number} completed handlers that succeeded
 * @property {number} failed handlers that failed or timed out
 * @property {number} skipped items that had no result and did not end the job
 * @property {number} retries attempts of all items, not counting the first attempt of each
 * @property {number} lateErrors errors that were not reported because the job had already failed or ended
 * @property {number} peakInFlight
 * @property {number} peakBuffered
 * @property {number} sourceWaitMs how long a slot was free and the source had no item
 * @property {number} handlersWaitMs how long every slot was taken, or results waited for an earlier item
 * @property {number} consumerWaitMs how long results were ready and the consumer took none
 */

/**
 * @typedef {object} Job
 * @property {() => Stats} stats
 * @property {number} concurrency the current limit. Setting it while the job runs also ends 'auto'. A lower limit does
 *   not cancel running handlers
 * @property {Promise<void>} idle resolves when the job has ended, no handler is running, and the source is released. It
 *   waits for the source for at most 1 s, and never rejects
 */

/**
 * @template {object} T
 * @param {T} target
 * @param {import('./flow.js').Flow<any>} flow
 * @returns {T & Job} the same object, with the members of a job
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
