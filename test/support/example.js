'use strict'

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const { text } = require('node:stream/consumers')

const LONGEST_MS = 60_000 // ten times the usual duration
const MOCHA_LATER_MS = 5000

/**
 * Runs an example of examples/ to its end. If it does not end, kills it and all processes that it started.
 *
 * @param {Mocha.Context} context `this` of the hook that runs it
 * @param {string} name
 * @returns {Promise<Record<string, string>>} the second column of its output by the first
 * @throws {Error} if it fails
 */
async function runExample (context, name) {
  context.timeout(LONGEST_MS + MOCHA_LATER_MS)
  const script = path.join(__dirname, '..', '..', 'examples', name)
  const child = spawn(process.execPath, [script], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
  const killer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), LONGEST_MS)
  const [stdout, [code, signal]] = await Promise.all([text(child.stdout), once(child, 'close')])
  clearTimeout(killer)
  assert.equal(code, 0, `${name} ended with ${signal ?? `code ${code}`}, after it had printed:\n${stdout}`)
  return Object.fromEntries(stdout.trimEnd().split('\n').map(line => line.trim().split(/ {2,}/)))
}

module.exports = { runExample }
