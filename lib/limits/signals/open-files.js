'use strict'

const fs = require('node:fs')
const { performance } = require('node:perf_hooks')
const fdWatch = require('../fd-watch.js')

const OPEN = '/proc/self/fd'
const LIMITS = '/proc/self/limits'
/** From this share on, each new connection's number is looked at. */
const MANY = 0.5
/** Where counting takes as long as there are descriptors, it may take this share of the time. */
const COUNTING_SHARE = 0.01

/**
 * Open file descriptors against what the process may open (RLIMIT_NOFILE). Linux.
 *
 * @param {(figures: { fdRatio: number }) => void} [tell] called where a connection's number tells, between the
 *   samples, of more
 */
module.exports = function openFiles (tell = () => {}) {
  if (process.platform !== 'linux') return { read: () => ({ fdRatio: null }) }
  let open = 0
  const count = counter()
  const watch = fdWatch.start((fd) => {
    open = fd + 1
    watch.setFrom(open)
    tell({ fdRatio: open / fdWatch.limit })
  })

  return {
    read () {
      try {
        open = count()
        // To read it is the dear part, and it is seldom lowered.
        if (!(open < fdWatch.limit * MANY) || fdWatch.limit === Infinity) fdWatch.limit = readLimit()
      } catch (error) {
        // To read takes a descriptor.
        const { code } = /** @type {NodeJS.ErrnoException} */ (error)
        if (code !== 'EMFILE') return { fdRatio: null } // no /proc, or not for us
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
    // Linux before 6.2 does not tell.
    const began = performance.now()
    if (began < countAgainAt) return counted
    counted = fs.readdirSync(OPEN).length
    const now = performance.now()
    countAgainAt = now + (now - began) / COUNTING_SHARE
    return counted
  }
}
