'use strict'

/** A source may be slow to let go, or never do it: nobody waits longer for it. */
const MAX_WAIT_MS = 1000

/** The release of a source that was given up: those who leave wait for it, and one of them is told its error. */
class SourceRelease {
  /** @type {Promise<void> | undefined} */
  #released
  /** @type {{ error: unknown } | undefined} */
  #unreported

  /** @returns {number} 1 when it failed and nobody was told */
  get unreported () {
    return this.#unreported === undefined ? 0 : 1
  }

  /** @param {Promise<void> | undefined} released of the source, once it was given up */
  follow (released) {
    this.#released ??= released?.catch(error => { this.#unreported = { error } })
  }

  /** @returns {Promise<void>} resolved when it is over, or has taken too long */
  async wait () {
    if (this.#released === undefined) return
    let timer
    await Promise.race([this.#released, new Promise(resolve => { timer = setTimeout(resolve, MAX_WAIT_MS) })])
    clearTimeout(timer)
  }

  /** @throws the error that nobody was told */
  tell () {
    const unreported = this.#unreported
    this.#unreported = undefined
    if (unreported !== undefined) throw unreported.error
  }
}

module.exports = { SourceRelease }
