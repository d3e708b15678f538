'use strict'

/** In this order: from READY on, an item has its outcome. */
const RUNNING = 0
/** It has failed, and `onError`, which is asynchronous, has not answered yet. */
const JUDGED = 1
const READY = 2
const SKIPPED = 3
const FAILED = 4
/** Nobody wants its outcome: it started after the item whose handler called `stop()`. */
const DROPPED = 5

/** In place of what `Slots.take` answers. */
const NO_SLOT = -1

/**
 * One item from its start until its outcome is delivered.
 *
 * @template T
 */
class Item {
  state = RUNNING
  /** What `Slots.take` answered, while it has a slot. */
  began = NO_SLOT
  /** @type {import('./parts.js').Parts | undefined} its results, where it has several */
  parts
  /** @type {import('./parts.js').Parts | undefined} of the item whose results this is one of */
  partOf

  /**
   * @param {T} input
   * @param {number} index
   * @param {number} bytes
   */
  constructor (input, index, bytes) {
    /** @type {any} the input while running, what resolves with the verdict while judged, the result, the error */
    this.value = input
    this.index = index
    this.bytes = bytes
  }
}

module.exports = { Item, NO_SLOT, RUNNING, JUDGED, READY, SKIPPED, FAILED, DROPPED }
