'use strict'

// The states of an item, in this order: from READY on, the item has its outcome.

const RUNNING = 0
/** The item has failed, and its asynchronous `onError` has not settled yet. */
const JUDGED = 1
const READY = 2
const SKIPPED = 3
const FAILED = 4
/** The outcome is not needed: the item comes after one whose handler called `stop()`. */
const DROPPED = 5

/** Replaces the return value of `Slots.take()` if the item has no slot. */
const NO_SLOT = -1

/**
 * One item from its start until its outcome is delivered.
 *
 * @template T
 */
class Item {
  state = RUNNING
  /** The return value of `Slots.take()` while the item has a slot. */
  began = NO_SLOT
  /** @type {import('./parts.js').Parts | undefined} its results, with `flatten` */
  parts
  /** @type {import('./parts.js').Parts | undefined} set if this is itself one of the results of an item with `flatten` */
  partOf

  /**
   * @param {T} input
   * @param {number} index
   * @param {number} bytes
   */
  constructor (input, index, bytes) {
    /**
     * @type {any} depends on the state: the input, a promise that settles once the action was applied, the result, or
     *   the error
     */
    this.value = input
    this.index = index
    this.bytes = bytes
  }
}

module.exports = { Item, NO_SLOT, RUNNING, JUDGED, READY, SKIPPED, FAILED, DROPPED }
