'use strict'

/**
 * The number of a new connection's descriptor says, for nothing, how many are open at least: the kernel
 * gives out the lowest that is free.
 */

/** @type {Set<{ from: number, note: (fd: number) => void }>} */
const watches = new Set()

const fdWatch = {
  /** The lowest number of which anyone wants to know. To be compared for each connection. */
  from: Infinity,

  /** What the process may open, as last read; Infinity before that, and where nothing tells. */
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
