'use strict'

const fs = require('node:fs')

/**
 * How long a Node process's main thread was ready to run while *other* processes had its core, since it began.
 * Its own helper threads (V8's collector and compiler) share that core when it is pinned; what they ran is left out.
 * Linux alone tells (Documentation/scheduler/sched-stats.rst: time on the CPU, time waiting for it).
 *
 * @param {number} pid
 * @returns {number} ms, or NaN on other systems
 */
function deprivedMs (pid) {
  try {
    return fs.readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
      const [ranNs, waitedNs] = fs.readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')
      return sum + (Number(thread) === pid ? Number(waitedNs) : -Number(ranNs)) / 1e6
    }, 0)
  } catch {
    return NaN
  }
}

module.exports = deprivedMs
