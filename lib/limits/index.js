'use strict'

const { performance } = require('node:perf_hooks')
const { backend } = require('../native/binding.js')
const { Exhaustion } = require('./exhaustion.js')
const { HealthCheck } = require('./health-check.js')
const { limitOptions } = require('./options.js')
const { acquire } = require('./sampler.js')

/**
 * @typedef {import('./sampler.js').Load} Load
 *
 * @typedef {'eventLoopDelay' | 'heapUsedBytes' | 'rssBytes' | 'healthCheck' | 'eventLoopUtilization' |
 *   'heapUsedRatio' | 'memoryRatio' | 'gcRatio' | 'fdRatio' | 'threadPoolDelay'} LimitReason
 *
 * @typedef {object} ExceededLimit a limit that is exceeded
 * @property {LimitReason} reason
 * @property {number | undefined} value in the limit's unit; undefined for the health check
 * @property {number | undefined} limit
 *
 * @typedef {object} LimitSnapshot
 * @property {LimitReason} reason
 * @property {number | null} value in the limit's unit; null where this system does not tell, and for the health check
 * @property {number | undefined} limit
 * @property {boolean} exceeded whether it refuses
 *
 * @typedef {object} LimitRow
 * @property {string} option
 * @property {LimitReason} reason and, but for the health check, the figure's name in Load
 * @property {boolean} [isResource] whether the process hardly comes back once it has long been over
 */

/** In the order in which they are judged. @type {LimitRow[]} */
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

/** What tells by itself when it begins to be over. @type {LimitReason[]} */
const TOLD_OF = ['fdRatio', 'healthCheck']

/** @type {Set<string>} */
const LIMIT_REASONS = new Set(LIMITS.map(({ reason }) => reason))

/** The limits of one gate or of one route, over what the thread has sampled. */
class Limits {
  /** What a request is refused for, if anything. To be read for each. @type {ExceededLimit | null} */
  exceeded = null
  /** @type {(LimitRow & { limit: number | undefined })[]} */
  #limits
  #sampler
  #need
  #isSampled
  #release
  #health
  #exhaustion
  /** Where utilization counts from its beginning. */
  #since

  /** @param {any} options of the table, checked and complete */
  constructor (options) {
    this.#limits = LIMITS
      .map((row) => ({ ...row, limit: row.reason === 'healthCheck' ? undefined : options[row.option] }))
      .filter(({ option, limit }) => limit === undefined ? options[option] !== undefined : limit > 0)
    this.#since = options.eventLoopUtilizationMode === 'cumulative' ? performance.eventLoopUtilization?.() : undefined
    this.#exhaustion = new Exhaustion(options)
    const { sampler, need, release } = acquire(options.sampleInterval, () => this.#onSample())
    this.#sampler = sampler
    this.#need = need
    this.#isSampled = this.#limits.some(({ reason }) => !TOLD_OF.includes(reason))
    if (this.#limits.some(({ reason }) => reason === 'gcRatio')) sampler.watchGc()
    this.#release = release
    this.#health = options.healthCheck === undefined
      ? undefined
      : new HealthCheck(options.healthCheck, options.healthCheckInterval, () => this.#judge())
    warnOfUnknown(this.#limits, sampler.load)
    this.#judge()
  }

  /** A request has come. */
  touch () {
    this.#sampler.touch()
  }

  /** Settles when the health check, if there is one, has answered for the first time. @returns {Promise<void>} */
  get ready () {
    return this.#health?.ready ?? Promise.resolve()
  }

  /** @returns {Load} */
  get load () {
    const { load } = this.#sampler
    if (this.#since === undefined) return load
    return { ...load, eventLoopUtilization: performance.eventLoopUtilization(this.#since).utilization || 0 }
  }

  /** @returns {LimitSnapshot[]} those that are set */
  snapshot () {
    const { load } = this
    return this.#limits.map(({ reason, limit }) => {
      const value = valueOf(load, reason)
      return { reason, value, limit, exceeded: this.#isExceeded(reason, value, limit) }
    })
  }

  close () {
    this.exceeded = null
    this.#release()
    this.#health?.close()
  }

  #onSample () {
    this.#judge()
    const { load } = this
    for (const { reason, limit, isResource } of this.#limits) {
      const value = /** @type {number} */ (valueOf(load, reason))
      if (isResource) this.#exhaustion.note(reason, value, /** @type {number} */ (limit), isAbove(value, limit))
    }
  }

  #judge () {
    const { load } = this
    this.exceeded = null
    for (const { reason, limit } of this.#limits) {
      const value = valueOf(load, reason)
      if (!this.#isExceeded(reason, value, limit)) continue
      this.exceeded = { reason, value: value ?? undefined, limit }
      break
    }
    // What is over is looked at until it is not.
    this.#need(this.#isSampled || this.exceeded !== null)
  }

  /**
   * @param {LimitReason} reason
   * @param {number | null} value
   * @param {number | undefined} limit
   */
  #isExceeded (reason, value, limit) {
    return reason === 'healthCheck' ? this.#health?.healthy === false : isAbove(value, limit)
  }
}

/**
 * @param {Load} load
 * @param {LimitReason} reason
 * @returns {number | null}
 */
function valueOf (load, reason) {
  return reason === 'healthCheck' ? null : load[reason]
}

/**
 * @param {number | null} value
 * @param {number | undefined} limit
 */
function isAbove (value, limit) {
  return value !== null && limit !== undefined && value > limit
}

/** Options of which was warned. @type {Set<string>} */
const warnedOf = new Set()

/**
 * A limit that is not the default, where nothing tells the figure: once for each, however many gates.
 *
 * @param {{ option: string, reason: LimitReason, limit: number | undefined }[]} limits
 * @param {Load} load
 */
function warnOfUnknown (limits, load) {
  for (const { option, reason, limit } of limits) {
    const { [option]: row } = /** @type {Record<string, import('../options/rows.js').OptionRow>} */ (limitOptions)
    if (reason === 'healthCheck' || load[reason] !== null || limit === row.default || warnedOf.has(option)) continue
    warnedOf.add(option)
    const why = reason === 'memoryRatio'
      ? 'no limit on the memory of a container was found'
      : `this system does not tell it${backend === 'js' ? ' where the native addon is not loaded' : ''}`
    process.emitWarning(`${option} is not judged: ${why}`, { code: 'SPILLWAY_UNKNOWN_LIMIT' })
  }
}

module.exports = { LIMIT_REASONS, Limits }
