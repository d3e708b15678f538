'use strict'

/**
 * The kernel assigns the lowest free number to a new descriptor. The descriptor of a new connection is therefore a
 * lower bound on the number of open descriptors, which costs nothing to obtain.
 */

/** @type {Set<{ from: number, note: (fd: number) => void }>} */
const watches = new Set()

const fdWatch = {
  /** The lowest descriptor to pass to `note`. Callers compare it with the descriptor of each new connection. */
  from: Infinity,

  /** How many descriptors the process may open, as last read; Infinity if not yet read, or unknown. */
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
