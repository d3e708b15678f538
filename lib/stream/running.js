'use strict'

/** @typedef {import('./item.js').Item<any>} Item */

/** The items whose handlers run, as a linked list: to add and to remove one costs next to nothing. */
class Running {
  length = 0
  peak = 0
  /** @type {Item | undefined} */
  #last

  /** @param {Item} item */
  add (item) {
    if (this.#last !== undefined) this.#last.next = item
    item.previous = this.#last
    this.#last = item
    if (++this.length > this.peak) this.peak = this.length
  }

  /** @param {Item} item */
  remove (item) {
    const { previous, next } = item
    if (previous !== undefined) previous.next = next
    if (next !== undefined) next.previous = previous
    else this.#last = previous
    item.previous = item.next = undefined
    this.length--
  }

  /**
   * @param {number} index
   * @returns {Item[]} those that started after the item of that index
   */
  after (index) {
    const items = []
    for (let item = this.#last; item !== undefined && item.index > index; item = item.previous) items.push(item)
    return items
  }
}

module.exports = { Running }
