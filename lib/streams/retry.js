'use strict'

const { setTimeout: delay } = require('node:timers/promises')

const { LONGEST_TIMER_MS } = require('../options/rows.js')

/**
 * @typedef {object} Retry
 * @property {number} attempts the maximum number of attempts for an item, including the first: an integer >= 2
 * @property {number} [delay] the longest wait before the second attempt, in milliseconds, >= 0. Default: 100. It doubles
 *   with each further attempt. The wait is random, from 0 to this maximum
 * @property {number} [budget] how many retries each item that starts adds to the job's budget: a number > 0, or Infinity.
 *   Default: 0.1
 * @property {(error: unknown, failed: { item: any, index: number, attempt: number }) => boolean | PromiseLike<boolean>}
 *   [shouldRetry] whether to try the item again. Default: always
 */

/**
 * The capacity of the budget: enough retries for occasional failures, but too few to add noticeable load to an
 * overloaded downstream service.
 */
const MAX_TOKENS = 10

/**
 * Tries failed items again, with exponential backoff and full jitter (Brooker, "Exponential Backoff And Jitter", 2015).
 * All items of a job share a budget of retries, the token bucket of gRPC's retry throttling (proposal A6), so that a
 * downstream service that fails permanently gets little more than one attempt for each item.
 */
class Retries {
  /** The number of retries so far. */
  count = 0
  #attempts
  #delayMs
  #budget
  #tokens = MAX_TOKENS
  #shouldRetry

  /** @param {Required<Retry>} retry */
  constructor ({ attempts, delay: delayMs, budget, shouldRetry }) {
    this.#attempts = attempts
    this.#delayMs = delayMs
    this.#budget = budget
    this.#shouldRetry = shouldRetry
  }

  /**
   * @template T, R
   * @param {import('./handler-context.js').Handler<T, R>} handler
   * @returns {import('./handler-context.js').Handler<T, R>}
   */
  wrap (handler) {
    return async (item, context) => {
      this.#addTokens()
      for (;;) {
        try {
          return await handler(item, context)
        } catch (error) {
          const { signal, index, attempt } = context
          if (signal.aborted || attempt >= this.#attempts) throw error
          if (!await this.#shouldRetry(error, { item, index, attempt }) || !this.#takeToken()) throw error
          await this.#wait(attempt, signal, error)
          context.attempt++
        }
      }
    }
  }

  #addTokens () {
    this.#tokens = Math.min(this.#tokens + this.#budget, Math.max(MAX_TOKENS, this.#budget))
  }

  #takeToken () {
    if (this.#tokens < 1) return false
    this.#tokens--
    this.count++
    return true
  }

  /**
   * @param {number} attempt the one that failed
   * @param {AbortSignal} signal
   * @param {unknown} error the error to throw if the signal is aborted during the wait
   */
  async #wait (attempt, signal, error) {
    const longest = Math.min(this.#delayMs * 2 ** (attempt - 1), LONGEST_TIMER_MS)
    try {
      await delay(longest * Math.random(), undefined, { signal })
    } catch {
      throw error
    }
  }
}

module.exports = { Retries }
