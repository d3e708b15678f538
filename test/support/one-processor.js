'use strict'

const { execFileSync, fork } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')

const LONGEST_MS = 60_000

/** Lets this process, and those that it starts, run on only one processor. */
function stayOnOne () {
  const [, processor] = fs.readFileSync('/proc/self/status', 'latin1').match(/^Cpus_allowed_list:\s*(\d+)/m)
  execFileSync('taskset', ['-a', '-p', '-c', processor, String(process.pid)])
}

/**
 * Starts processes that are always busy.
 *
 * @param {number} count
 * @returns {Promise<() => void>} stops them
 */
async function startOthers (count) {
  const others = Array.from({ length: count }, () => fork(__filename))
  await Promise.all(others.map((other) => once(other, 'message')))
  return () => { for (const other of others) other.kill('SIGKILL') }
}

if (require.main === module) {
  process.send?.('at work')
  for (const until = Date.now() + LONGEST_MS; Date.now() < until;);
}

module.exports = { startOthers, stayOnOne }
