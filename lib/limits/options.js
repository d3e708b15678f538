'use strict'

const { functionRow, isNumber, msRow, oneOfRow } = require('../options/rows.js')

/**
 * The limits on the process that all adapters share. They are checked before the admission controller decides. The
 * checks, the defaults and the documentation use the same table.
 *
 * @typedef {Thresholds & SamplingOptions} LimitOptions
 *
 * @typedef {object} Thresholds 0 means no limit
 * @property {number} [maxEventLoopDelay] ms; limits the p99 event-loop delay of a sample
 * @property {number} [maxHeapUsedBytes] limits the used heap of V8
 * @property {number} [maxRssBytes] limits the resident set size of the process
 * @property {number} [maxEventLoopUtilization] limits the share of a sample in which the event loop was not idle
 * @property {number} [maxHeapUsedRatio] limits the used heap, as a share of V8's heap limit (`--max-old-space-size`)
 * @property {number} [maxMemoryRatio] limits the memory of the container (cgroup), as a share of the container's limit, without
 *   the cache that the kernel can reclaim
 * @property {number} [maxGcRatio] limits the share of the last 5 seconds that was spent in garbage collection
 * @property {number} [maxFdRatio] limits the open file descriptors, as a share of RLIMIT_NOFILE
 * @property {number} [maxThreadPoolDelay] ms; limits how long work waits for a thread of libuv's pool (files, DNS, zlib, crypto)
 *
 * @typedef {object} SamplingOptions
 * @property {number} [sampleInterval] ms
 * @property {'interval' | 'cumulative'} [eventLoopUtilizationMode] the period of the utilization: each sample, or the
 *   time since the gate was created
 * @property {() => unknown} [healthCheck] while it returns a falsy value or a promise of one, throws, or returns a
 *   promise that rejects, all requests are shed
 * @property {number} [healthCheckInterval] ms from the end of one check to the next
 * @property {(info: Exhausted) => void} [onExhausted] called once when a limit on a resource (heap, RSS, memory, garbage
 *   collection, descriptors) has been exceeded for `exhaustedAfter`: the process is unlikely to recover
 * @property {number} [exhaustedAfter] ms
 */

/**
 * @typedef {object} Exhausted
 * @property {import('./index.js').LimitReason} reason
 * @property {number} value in the unit of the limit
 * @property {number} limit
 * @property {number} forMs how long the limit has been exceeded
 */

/** @typedef {import('../options/rows.js').OptionRow} OptionRow */

// A shorter sample could be about as long as a single turn of the event loop.
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
