'use strict'

const { checkLimit } = require('./options.js')

/**
 * @typedef {object} Stats
 * @property {number} pulled items taken from the source
 * @property {number} concurrency handlers that may run now
 * @property {number} inFlight handlers that run
 * @property {number} buffered outcomes that wait for the consumer or for an earlier item
 * @property {number} bytes of the items started and not yet delivered; 0 without `maxBytes` and `sizeOf`
 * @property {number} completed handlers that succeeded
 * @property {number} failed handlers that failed or timed out
 * @property {number} skipped items that had no result and did not end the job
 * @property {number} retries attempts of all items, without the first of each
 * @property {number} lateErrors errors that were not reported because the job had already failed or ended
 * @property {number} peakInFlight
 * @property {number} peakBuffered
 * @property {number} sourceWaitMs time in which a slot was free and the source had no item
 * @property {number} handlersWaitMs time in which every slot was taken, or results waited for an earlier item
 * @property {number} consumerWaitMs time in which results were ready and the consumer took none
 */

/**
 * @typedef {object} Job
 * @property {() => Stats} stats
 * @property {number} concurrency the current limit. Setting it while the job runs also ends 'auto'. A lower limit cancels no
 *   handler that runs
 * @property {Promise<void>} idle resolves when the job has ended, no handler runs, and the source is released. It waits at most
 *   1 s for the source, and never rejects
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
