'use strict'

const fs = require('node:fs')

/**
 * How long a Node process's main thread was ready to run but waited because another process used its core, since it
 * started. A pinned process shares its core with its own helper threads (V8's garbage collector and compiler), so the
 * time that those ran is subtracted. Only Linux provides this (Documentation/scheduler/sched-stats.rst: time on the CPU,
 * time waiting for it).
 *
 * @param {number} pid
 * @returns {number} ms, or NaN on other systems
 */
function cpuWaitMs (pid) {
  try {
    return fs.readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
      const [ranNs, waitedNs] = fs.readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')
      return sum + (Number(thread) === pid ? Number(waitedNs) : -Number(ranNs)) / 1e6
    }, 0)
  } catch {
    return NaN
  }
}

module.exports = cpuWaitMs
