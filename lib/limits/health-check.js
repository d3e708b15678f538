'use strict'

/** Of one that is asked no more once it is well. */
const ASK_AGAIN_MS = 5000

/** Asks the user's health check again and again, never twice at once. */
class HealthCheck {
  /** Until it has answered, it has nothing against. */
  healthy = true
  #ask
  #onAnswer
  /** @type {NodeJS.Timeout | undefined} */
  #timer
  #closed = false
  #hasWarned = false
  /** The first answer. @type {Promise<void>} */
  ready

  /**
   * @param {() => unknown} ask
   * @param {number | undefined} intervalMs from an answer to the next question; undefined: asked until it is well
   * @param {() => void} onAnswer
   */
  constructor (ask, intervalMs, onAnswer) {
    this.#ask = ask
    this.#onAnswer = onAnswer
    this.ready = this.#check(intervalMs)
  }

  close () {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  /** @param {number | undefined} intervalMs */
  async #check (intervalMs) {
    try {
      this.healthy = Boolean(await this.#ask())
    } catch (error) {
      this.healthy = false
      this.#warn(error)
    }
    if (this.#closed) return
    this.#onAnswer()
    const askIn = this.healthy ? intervalMs : intervalMs ?? ASK_AGAIN_MS
    if (askIn !== undefined) this.#timer = setTimeout(() => this.#check(intervalMs), askIn).unref()
  }

  /** @param {unknown} error */
  #warn (error) {
    if (this.#hasWarned) return
    this.#hasWarned = true
    process.emitWarning(`healthCheck failed, and what it stands for is taken for ill: ${error instanceof Error ? error.stack : error}`,
      { code: 'SPILLWAY_HEALTH_CHECK' })
  }
}

module.exports = { HealthCheck }
