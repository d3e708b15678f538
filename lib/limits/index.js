'use strict'

const { backend } = require('../native/binding.js')
const { warn } = require('../native/warn.js')
const { limitOptions } = require('./options.js')
const { acquire } = require('./sampler.js')
const { LIMITS } = require('./table.js')

/**
 * @typedef {import('./sampler.js').Load} Load
 *
 * @typedef {import('./table.js').LimitReason} LimitReason
 * @typedef {import('./table.js').LimitRow} LimitRow
 *
 * @typedef {object} ExceededLimit
 * @property {LimitReason} reason
 * @property {number | undefined} value in the limit's unit; undefined for the health check
 * @property {number | undefined} limit
 *
 * @typedef {object} LimitSnapshot
 * @property {LimitReason} reason
 * @property {number | null} value in the limit's unit; null for the health check, and if this system does not provide it
 * @property {number | undefined} limit
 * @property {boolean} exceeded whether `value` is above `limit`, or the health check has failed
 */

/** Figures that report a change themselves, between the samples. @type {LimitReason[]} */
const SELF_REPORTING = ['fdRatio', 'healthCheck']

/** The limits of one gate, or of one route, on the figures that the thread samples. */
class Limits {
  /** The exceeded limit that causes requests to be refused, if there is one. @type {ExceededLimit | null} */
  exceeded = null
  /** @type {(LimitRow & { limit: number | undefined })[]} */
  #limits
  #sampler
  #need
  #isSampled
  #release
  #health
  #exhaustion
  /** The start of the period that cumulative utilization covers. */
  #since

  /** @param {any} options checked and complete */
  constructor (options) {
    this.#limits = LIMITS
      .map((row) => ({ ...row, limit: row.reason === 'healthCheck' ? undefined : options[row.option] }))
      .filter(({ option, limit }) => limit === undefined ? options[option] !== undefined : limit > 0)
    this.#since = options.eventLoopUtilizationMode === 'cumulative' ? performance.eventLoopUtilization?.() : undefined
    this.#exhaustion = options.onExhausted && startExhaustion(options)
    const { sampler, need, release } = acquire(options.sampleInterval, () => this.#onSample())
    this.#sampler = sampler
    this.#need = need
    this.#isSampled = this.#limits.some(({ reason }) => !SELF_REPORTING.includes(reason))
    if (this.#limits.some(({ reason }) => reason === 'gcRatio')) sampler.watchGc()
    this.#release = release
    this.#health = options.healthCheck && startHealthCheck(options, () => this.#judge())
    warnOfUnavailable(this.#limits, sampler.load)
    this.#judge()
  }

  /** Must be called for each request. */
  touch () {
    this.#sampler.touch()
  }

  /** Settles when the health check, if there is one, has returned for the first time. @returns {Promise<void>} */
  get ready () {
    return this.#health?.ready ?? Promise.resolve()
  }

  /** @returns {Load} */
  get load () {
    const { load } = this.#sampler
    if (this.#since === undefined) return load
    return { ...load, eventLoopUtilization: performance.eventLoopUtilization(this.#since).utilization || 0 }
  }

  /** @returns {LimitSnapshot[]} the limits that are set */
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
    if (this.#exhaustion === undefined) return
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
    // An exceeded limit needs samples until it is no longer exceeded.
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

/** @param {any} options */
function startExhaustion (options) {
  const { Exhaustion } = require('./exhaustion.js') // required on use
  return new Exhaustion(options)
}

/**
 * @param {any} options
 * @param {() => void} onResult
 */
function startHealthCheck ({ healthCheck, healthCheckInterval }, onResult) {
  const { HealthCheck } = require('./health-check.js') // required on use
  return new HealthCheck(healthCheck, healthCheckInterval, onResult)
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

/** The options for which a warning was emitted. @type {Set<string>} */
const warnedOf = new Set()

/**
 * Warns, once per option and process, of limits that the user has set on figures that are not available.
 *
 * @param {{ option: string, reason: LimitReason, limit: number | undefined }[]} limits
 * @param {Load} load
 */
function warnOfUnavailable (limits, load) {
  for (const { option, reason, limit } of limits) {
    const { [option]: row } = /** @type {Record<string, import('../options/rows.js').OptionRow>} */ (limitOptions)
    if (reason === 'healthCheck' || load[reason] !== null || limit === row.default || warnedOf.has(option)) continue
    warnedOf.add(option)
    const why = reason === 'memoryRatio'
      ? 'the container has no memory limit'
      : `this system does not provide the figure${backend === 'js' ? ' unless the native addon is loaded' : ''}`
    warn('SPILLWAY_UNKNOWN_LIMIT', `${option} has no effect: ${why}`)
  }
}

module.exports = { Limits }
