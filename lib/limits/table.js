'use strict'

/**
 * @typedef {'eventLoopDelay' | 'heapUsedBytes' | 'rssBytes' | 'healthCheck' | 'eventLoopUtilization' |
 *   'heapUsedRatio' | 'memoryRatio' | 'gcRatio' | 'fdRatio' | 'threadPoolDelay'} LimitReason
 *
 * @typedef {object} LimitRow
 * @property {string} option
 * @property {LimitReason} reason also the name of the figure in Load, except for the health check
 * @property {boolean} [isResource] whether a process is unlikely to recover once it has exceeded the limit for a long
 *   time
 */

/** In the order in which they apply. @type {LimitRow[]} */
const LIMITS = [
  { option: 'maxEventLoopDelay', reason: 'eventLoopDelay' },
  { option: 'maxHeapUsedBytes', reason: 'heapUsedBytes', isResource: true },
  { option: 'maxRssBytes', reason: 'rssBytes', isResource: true },
  { option: 'healthCheck', reason: 'healthCheck' },
  { option: 'maxEventLoopUtilization', reason: 'eventLoopUtilization' },
  { option: 'maxHeapUsedRatio', reason: 'heapUsedRatio', isResource: true },
  { option: 'maxMemoryRatio', reason: 'memoryRatio', isResource: true },
  { option: 'maxGcRatio', reason: 'gcRatio', isResource: true },
  { option: 'maxFdRatio', reason: 'fdRatio', isResource: true },
  { option: 'maxThreadPoolDelay', reason: 'threadPoolDelay' }
]

/** @type {Set<string>} */
const LIMIT_REASONS = new Set(LIMITS.map(({ reason }) => reason))

module.exports = { LIMITS, LIMIT_REASONS }
