'use strict'

const { functionRow, isNumber, msRow, oneOfRow } = require('../options/rows.js')

/**
 * The limits that all adapters share, judged before the admission controller: one table for the checks, the defaults and
 * the documentation.
 *
 * @typedef {Thresholds & SamplingOptions} LimitOptions
 *
 * @typedef {object} Thresholds a limit of 0 is none
 * @property {number} [maxEventLoopDelay] ms that what comes at any moment may wait for the loop: what one
 *   moment in a hundred had to wait in the last sample
 * @property {number} [maxHeapUsedBytes] of V8's heap
 * @property {number} [maxRssBytes] resident set size of the process
 * @property {number} [maxEventLoopUtilization] share of a sample in which the loop was not asleep
 * @property {number} [maxHeapUsedRatio] V8's heap against its limit (`--max-old-space-size`)
 * @property {number} [maxMemoryRatio] memory of the container (cgroup) against its limit, without the
 *   cache that the kernel would give up
 * @property {number} [maxGcRatio] share of the last 5 seconds spent in garbage collection
 * @property {number} [maxFdRatio] open file descriptors against RLIMIT_NOFILE
 * @property {number} [maxThreadPoolDelay] ms that work waits for a thread of libuv's pool (files, DNS,
 *   zlib, crypto)
 *
 * @typedef {object} SamplingOptions
 * @property {number} [sampleInterval] ms
 * @property {'interval' | 'cumulative'} [eventLoopUtilizationMode] utilization of each sample, or since
 *   the gate was made
 * @property {() => unknown} [healthCheck] false, or a promise of it, or a failure: all is refused
 * @property {number} [healthCheckInterval] ms from the end of one check to the next
 * @property {(info: Exhausted) => void} [onExhausted] told once when a limit on a resource (heap, RSS,
 *   memory, garbage collection, descriptors) has stood for `exhaustedAfter`: the process will hardly
 *   come back by itself
 * @property {number} [exhaustedAfter] ms
 */

/**
 * @typedef {object} Exhausted
 * @property {import('./index.js').LimitReason} reason
 * @property {number} value in the limit's unit
 * @property {number} limit
 * @property {number} forMs how long it has stood
 */

/** @typedef {import('../options/rows.js').OptionRow} OptionRow */

// Below that, a sample would be about as long as a turn.
const SHORTEST_SAMPLE_MS = 10

/** @type {OptionRow} */
const msLimit = { takes: 'a number of ms from 0 up; 0: no limit', hasType: isNumber, inRange: isAmount }
/** @type {OptionRow} */
const bytesLimit = { takes: 'a number of bytes from 0 up; 0: no limit', hasType: isNumber, inRange: isAmount }
/** @type {OptionRow} */
const ratioLimit = {
  takes: 'a number from 0 to 1; 0: no limit',
  hasType: isNumber,
  inRange: (value) => value >= 0 && value <= 1
}

/** @type {Record<keyof Thresholds, OptionRow>} */
const thresholds = {
  maxEventLoopDelay: { ...msLimit, default: 0 },
  maxEventLoopUtilization: { ...ratioLimit, default: 0 },
  maxHeapUsedBytes: { ...bytesLimit, default: 0 },
  maxHeapUsedRatio: { ...ratioLimit, default: 0 },
  maxRssBytes: { ...bytesLimit, default: 0 },
  maxMemoryRatio: { ...ratioLimit, default: 0 },
  maxGcRatio: { ...ratioLimit, default: 0 },
  maxFdRatio: { ...ratioLimit, default: 0.9 },
  maxThreadPoolDelay: { ...msLimit, default: 0 }
}

/** @type {Record<keyof LimitOptions, OptionRow>} */
const limitOptions = {
  ...thresholds,
  healthCheck: functionRow,
  healthCheckInterval: { ...msRow(1), default: 5000 },
  sampleInterval: { ...msRow(SHORTEST_SAMPLE_MS), default: 1000 },
  eventLoopUtilizationMode: { ...oneOfRow('interval', 'cumulative'), default: 'interval' },
  onExhausted: functionRow,
  exhaustedAfter: { ...msRow(SHORTEST_SAMPLE_MS), default: 10_000 }
}

/** @param {number} value */
function isAmount (value) {
  return value >= 0 && Number.isFinite(value)
}

module.exports = { limitOptions, thresholds }
