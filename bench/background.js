'use strict'

const { spawn } = require('node:child_process')
const { once } = require('node:events')

const cores = require('./child/cores')

/**
 * Runs a shell script on the core of the client. The script must print a line when it has started, then read its standard
 * input until that ends, and then clean up. Its input ends when the bench does, however it does: so what the script has started
 * always ends too.
 *
 * @param {string} name for errors
 * @param {string} script
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<() => Promise<void>>} stops it; rejects if the script ends before it prints a line
 */
async function runInBackground (name, script, args, options) {
  const [program, ...rest] = [...cores.onCore('first'), 'sh', '-c', script, 'sh', ...args]
  // In a process group of its own, which Ctrl-C does not reach.
  const child = spawn(program, rest, { ...options, detached: true, stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  await Promise.race([once(child.stdout, 'data'), ended.then(([code]) => { throw new Error(`${name} ended with code ${code}`) })])
  return async function stop () {
    child.stdin.end()
    await ended
  }
}

module.exports = runInBackground
