'use strict'

/**
 * The descriptor of a new connection tells, at no cost, that at least so many are open: the kernel assigns the lowest
 * free number.
 */

/** @type {Set<{ from: number, note: (fd: number) => void }>} */
const watches = new Set()

const fdWatch = {
  /** The lowest descriptor to be noted. Callers compare it with each new connection's. */
  from: Infinity,

  /** How many descriptors the process may open, as last read; Infinity before that, and if unknown. */
  limit: Infinity,

  /** @param {number} fd at least `from` */
  note (fd) {
    for (const watch of watches) if (fd >= watch.from) watch.note(fd)
  },

  /**
   * @param {(fd: number) => void} note
   * @returns {{ setFrom: (fd: number) => void, stop: () => void }}
   */
  start (note) {
    const watch = { from: Infinity, note }
    const update = () => { fdWatch.from = Math.min(...[...watches].map(({ from }) => from)) }
    watches.add(watch)
    return {
      setFrom (fd) {
        watch.from = fd
        update()
      },
      stop () {
        watches.delete(watch)
        update()
      }
    }
  }
}

module.exports = fdWatch
