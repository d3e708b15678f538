'use strict'

const fs = require('node:fs')
const { performance } = require('node:perf_hooks')

const OPEN = '/proc/self/fd'
const LIMITS = '/proc/self/limits'
/** Where counting takes as long as there are descriptors, it may take this share of the time. */
const COUNTING_SHARE = 0.01

/** Open file descriptors against what the process may open (RLIMIT_NOFILE). Linux. */
module.exports = function openFiles () {
  if (process.platform !== 'linux') return { read: () => ({ fdRatio: null }) }
  let limit = Infinity
  let counted = 0
  let countAgainAt = 0

  function readLimit () {
    const soft = fs.readFileSync(LIMITS, 'latin1').match(/^Max open files\s+(\d+)/m)?.[1]
    limit = soft === undefined ? Infinity : Number(soft) // it may be 'unlimited'
  }

  function count () {
    const { size } = fs.statSync(OPEN)
    // Linux before 6.2 does not tell.
    return size > 0 ? size : countEach()
  }

  function countEach () {
    const began = performance.now()
    if (began < countAgainAt) return counted
    counted = fs.readdirSync(OPEN).length
    const now = performance.now()
    countAgainAt = now + (now - began) / COUNTING_SHARE
    return counted
  }

  return {
    read () {
      try {
        const open = count()
        readLimit()
        return { fdRatio: open / limit }
      } catch (error) {
        // To read takes a descriptor.
        const { code } = /** @type {NodeJS.ErrnoException} */ (error)
        if (code === 'EMFILE') return { fdRatio: 1 }
        return { fdRatio: null } // no /proc, or not for us
      }
    }
  }
}
