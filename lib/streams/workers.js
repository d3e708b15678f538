'use strict'

/** @typedef {import('./item.js').Item<any>} Item */

/** A loop that runs handlers one after the other. It is a node of a linked list, so that entering and leaving are cheap. */
class Worker {
  /** @type {Item | undefined} the last item that it started */
  item
  /** @type {Worker | undefined} */
  previous
  /** @type {Worker | undefined} */
  next
}

class Workers {
  /** @type {Worker | undefined} */
  #last

  /** @returns {Worker} */
  enter () {
    const worker = new Worker()
    worker.previous = this.#last
    if (this.#last !== undefined) this.#last.next = worker
    this.#last = worker
    return worker
  }

  /** @param {Worker} worker */
  leave ({ previous, next }) {
    if (previous !== undefined) previous.next = next
    if (next === undefined) this.#last = previous
    else next.previous = previous
  }

  /** @returns {Item[]} the items that run, and perhaps some that have just settled */
  get items () {
    const items = []
    for (let worker = this.#last; worker !== undefined; worker = worker.previous) {
      if (worker.item !== undefined) items.push(worker.item)
    }
    return items
  }
}

module.exports = { Workers }
