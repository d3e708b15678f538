'use strict'

/** The future events outside the event loop: a binary heap of callbacks by virtual time (ns). */
class Agenda {
  #heap = []
  #order = 0

  /** Time of the next event, or Infinity. */
  get next () {
    return this.#heap.length > 0 ? this.#heap[0].time : Infinity
  }

  at (time, run) {
    const entry = { time, order: this.#order++, run }
    const heap = this.#heap
    let index = heap.push(entry) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!before(entry, heap[parent])) break
      heap[index] = heap[parent]
      index = parent
    }
    heap[index] = entry
  }

  /** Runs everything that is due by `now`, in order. Each callback gets its own time. */
  runUntil (now) {
    while (this.next <= now) {
      const { time, run } = this.#pop()
      run(time)
    }
  }

  #pop () {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (heap.length === 0) return first
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++
      if (!before(heap[child], last)) break
      heap[index] = heap[child]
      index = child
    }
    heap[index] = last
    return first
  }
}

// Events at the same time keep their order; otherwise a run would depend on the heap's shape.
function before (a, b) {
  return a.time < b.time || (a.time === b.time && a.order < b.order)
}

module.exports = Agenda
