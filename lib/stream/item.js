'use strict'

const RUNNING = 0
const READY = 1
const SKIPPED = 2
const FAILED = 3

/**
 * One item from its start until its outcome is delivered.
 *
 * @template T
 */
class Item {
  state = RUNNING
  /** @type {any} the result when ready, the error when failed */
  outcome = undefined

  /**
   * @param {T} input
   * @param {number} index
   * @param {number} bytes
   * @param {number} began when, as its slot tells it
   */
  constructor (input, index, bytes, began) {
    this.input = input
    this.index = index
    this.bytes = bytes
    this.began = began
  }
}

module.exports = { Item, RUNNING, READY, SKIPPED, FAILED }
