'use strict'

/** Closing a source may take a long time, or never finish. */
const MAX_WAIT_MS = 1000

/** Waits until a closed source is released, and reports an error of the release once. */
class SourceRelease {
  /** @type {Promise<void> | undefined} */
  #released
  /** @type {{ error: unknown } | undefined} */
  #unreported

  /** @returns {number} 1 if the release failed and the error was not reported */
  get unreported () {
    return this.#unreported === undefined ? 0 : 1
  }

  /** @param {Promise<void> | undefined} released settles when the source is released */
  follow (released) {
    this.#released ??= released?.catch(error => { this.#unreported = { error } })
  }

  /** @returns {Promise<void>} resolves when the source is released, or `MAX_WAIT_MS` have passed */
  async wait () {
    if (this.#released === undefined) return
    let timer
    await Promise.race([this.#released, new Promise(resolve => { timer = setTimeout(resolve, MAX_WAIT_MS) })])
    clearTimeout(timer)
  }

  /** @throws the error of the release, if it was not reported before */
  tell () {
    const unreported = this.#unreported
    this.#unreported = undefined
    if (unreported !== undefined) throw unreported.error
  }
}

module.exports = { SourceRelease }
