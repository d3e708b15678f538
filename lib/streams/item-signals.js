'use strict'

/** @typedef {{ controller: AbortController, timer: NodeJS.Timeout }} Clock */

/**
 * Provides a signal for each item. It is aborted when the item times out or the whole flow is aborted.
 * `AbortSignal.any()` would do the same, but on Node.js 20 it keeps every dependent signal alive for as long as the
 * source signal lives.
 */
class ItemSignals {
  #ms
  #onTimeout
  /** @type {Map<import('./item.js').Item<any>, Clock>} */
  #running = new Map()

  /**
   * @param {number} ms
   * @param {(item: import('./item.js').Item<any>, error: unknown) => void} onTimeout
   */
  constructor (ms, onTimeout) {
    this.#ms = ms
    this.#onTimeout = onTimeout
  }

  /**
   * @param {import('./item.js').Item<any>} item
   * @returns {AbortSignal}
   */
  start (item) {
    const controller = new AbortController()
    const timer = setTimeout(() => this.#expire(item), this.#ms)
    this.#running.set(item, { controller, timer })
    return controller.signal
  }

  /** @param {import('./item.js').Item<any>} item whose handler has settled */
  stop (item) {
    clearTimeout(this.#running.get(item)?.timer)
    this.#running.delete(item)
  }

  /** @param {unknown} reason */
  abort (reason) {
    for (const { controller, timer } of this.#running.values()) {
      clearTimeout(timer)
      controller.abort(reason)
    }
    this.#running.clear()
  }

  /** @param {import('./item.js').Item<any>} item */
  #expire (item) {
    const clock = this.#running.get(item)
    this.#running.delete(item)
    const error = new DOMException(`item ${item.index} took longer than ${this.#ms} ms`, 'TimeoutError')
    clock?.controller.abort(error)
    this.#onTimeout(item, error)
  }
}

module.exports = { ItemSignals }
