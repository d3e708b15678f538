'use strict'

const fs = require('node:fs')
const { setTimeout: sleep } = require('node:timers/promises')

const startChild = require('../child')

/**
 * How often an idle process wakes up. Linux counts how often a thread goes back to sleep (proc_pid_status(5),
 * voluntary_ctxt_switches).
 *
 * @param {{ idleMs: number }} settings
 * @returns {Promise<Record<string, number>>} wake-ups per second; empty on other systems
 */
async function measureWakeUps ({ idleMs }) {
  if (process.platform !== 'linux') return {}
  const probe = startChild(require.resolve('./idle'))
  const { kinds } = await probe.ask({})
  await probe.stop()
  console.error('wake-ups')
  return Object.fromEntries(await Promise.all(kinds.map(async kind => [kind, await wakeUpsOf(kind, idleMs)])))
}

async function wakeUpsOf (kind, idleMs) {
  const child = startChild(require.resolve('./idle'))
  try {
    await child.ask({ kind })
    // Sending the answer also woke the process.
    await sleep(100)
    const before = switches(child.pid)
    await sleep(idleMs)
    return (switches(child.pid) - before) * 1000 / idleMs
  } finally {
    await child.stop()
  }
}

function switches (pid) {
  return fs.readdirSync(`/proc/${pid}/task`)
    .map(thread => fs.readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8'))
    .reduce((sum, status) => sum + Number(status.match(/^voluntary_ctxt_switches:\s*(\d+)/m)[1]), 0)
}

module.exports = measureWakeUps
