'use strict'

const fs = require('node:fs')
const fdWatch = require('../fd-watch.js')

const OPEN = '/proc/self/fd'
const LIMITS = '/proc/self/limits'
/** From this share on, the descriptor of each new connection is evaluated. */
const MANY = 0.5
/** The share of the time that counting may take on kernels on which its cost grows with the number of descriptors. */
const COUNTING_SHARE = 0.01

/**
 * Open file descriptors as a share of what the process may open (RLIMIT_NOFILE). Linux only.
 *
 * @param {(figures: { fdRatio: number }) => void} [report] called between the samples, when the descriptor of a new
 *   connection shows that more are open
 */
module.exports = function openFiles (report = () => {}) {
  if (process.platform !== 'linux') return { read: () => ({ fdRatio: null }) }
  let open = 0
  const count = counter()
  const watch = fdWatch.start((fd) => {
    open = fd + 1
    watch.setFrom(open)
    report({ fdRatio: open / fdWatch.limit })
  })

  return {
    read () {
      try {
        open = count()
        // Reading the limit is costly, and a limit is seldom lowered.
        if (!(open < fdWatch.limit * MANY) || fdWatch.limit === Infinity) fdWatch.limit = readLimit()
      } catch (error) {
        // Reading needs a free descriptor.
        const { code } = /** @type {NodeJS.ErrnoException} */ (error)
        if (code !== 'EMFILE') return { fdRatio: null } // no /proc, or no permission
        open = fdWatch.limit
      }
      watch.setFrom(Math.max(open, fdWatch.limit * MANY))
      return { fdRatio: open / fdWatch.limit }
    },
    stop: () => watch.stop()
  }
}

/** @returns {number} */
function readLimit () {
  const soft = fs.readFileSync(LIMITS, 'latin1').match(/^Max open files\s+(\d+)/m)?.[1]
  return soft === undefined ? Infinity : Number(soft) // it may be 'unlimited'
}

/** @returns {() => number} */
function counter () {
  let counted = 0
  let countAgainAt = 0
  return () => {
    const { size } = fs.statSync(OPEN)
    if (size > 0) return size
    // Linux before 6.2 reports a size of 0.
    const began = performance.now()
    if (began < countAgainAt) return counted
    counted = fs.readdirSync(OPEN).length
    const now = performance.now()
    countAgainAt = now + (now - began) / COUNTING_SHARE
    return counted
  }
}
