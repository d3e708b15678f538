'use strict'

const { fork } = require('node:child_process')
const { once } = require('node:events')

/**
 * Runs each version in a child process, and prints its peak memory and its answer.
 *
 * @param {Record<string, () => Promise<string>>} versions
 */
async function comparePeakMemory (versions) {
  const version = versions[process.argv[2]]
  if (version !== undefined) {
    const answer = await version()
    process.send({ answer, peakMB: Math.round(process.resourceUsage().maxRSS / 1024) })
    return
  }
  for (const name of Object.keys(versions)) {
    const child = fork(process.argv[1], [name])
    const [{ answer, peakMB }] = await once(child, 'message')
    child.disconnect()
    await once(child, 'exit')
    console.log(`${name.padEnd(12)} peak ${String(peakMB).padStart(4)} MB  ${answer}`)
  }
}

module.exports = { comparePeakMemory }
