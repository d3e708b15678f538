'use strict'

const { warn } = require('../native/warn.js')

/** Time between two calls of a check that is called only until it succeeds. */
const RETRY_MS = 5000

/** Calls the user's health check periodically, one call at a time. */
class HealthCheck {
  /** True until the first call has returned. */
  healthy = true
  #check
  #onResult
  /** @type {NodeJS.Timeout | undefined} */
  #timer
  #closed = false
  #hasWarned = false
  /** Settles when the first call has returned. @type {Promise<void>} */
  ready

  /**
   * @param {() => unknown} check
   * @param {number | undefined} intervalMs from the end of one call to the next; undefined: called only until it succeeds
   * @param {() => void} onResult
   */
  constructor (check, intervalMs, onResult) {
    this.#check = check
    this.#onResult = onResult
    this.ready = this.#run(intervalMs)
  }

  close () {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  /** @param {number | undefined} intervalMs */
  async #run (intervalMs) {
    try {
      this.healthy = Boolean(await this.#check())
    } catch (error) {
      this.healthy = false
      this.#warn(error)
    }
    if (this.#closed) return
    this.#onResult()
    const nextMs = this.healthy ? intervalMs : intervalMs ?? RETRY_MS
    if (nextMs !== undefined) this.#timer = setTimeout(() => this.#run(intervalMs), nextMs).unref()
  }

  /** @param {unknown} error */
  #warn (error) {
    if (this.#hasWarned) return
    this.#hasWarned = true
    warn('SPILLWAY_HEALTH_CHECK', 'healthCheck failed, so the process counts as unhealthy', error)
  }
}

module.exports = { HealthCheck }
