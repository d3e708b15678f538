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

  /**
   * @param {T} input
   * @param {number} index
   * @param {number} bytes
   */
  constructor (input, index, bytes) {
    /** @type {any} the input while running, the result when ready, the error when failed */
    this.value = input
    this.index = index
    this.bytes = bytes
  }
}

module.exports = { Item, RUNNING, READY, SKIPPED, FAILED }
