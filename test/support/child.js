'use strict'

const { execFile, fork } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')

const root = path.join(__dirname, '..', '..')

/**
 * Runs a script given as text in its own process.
 *
 * @param {string} source CommonJS, or an ES module if `flags` say so
 * @param {string[]} [flags] for node
 * @returns {Promise<{ code: number | null, signal: string | null, stdout: string, stderr: string }>}
 */
function run (source, flags = []) {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [...flags, '-e', source], { cwd: root }, (error, stdout, stderr) => {
      resolve({ code: child.exitCode, signal: child.signalCode ?? error?.signal ?? null, stdout, stderr })
    })
  })
}

/**
 * Forks a script of test/fixtures/ and waits for its first message. Rejects if it ends without one.
 *
 * @param {string} name
 * @param {string[]} [args]
 * @param {Record<string, string>} [env] added to this process's
 * @param {import('node:child_process').ForkOptions} [settings]
 * @returns {Promise<{ child: import('node:child_process').ChildProcess, hello: any }>}
 */
async function start (name, args = [], env = {}, settings = {}) {
  const child = fork(path.join(root, 'test', 'fixtures', name), args, { cwd: root, ...settings, env: { ...process.env, ...env } })
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${name} ended before it sent a message: ${signal ?? `code ${code}`}`)
  })
  const [hello] = await Promise.race([once(child, 'message'), ended])
  ended.catch(() => {})
  return { child, hello }
}

/** Asks a fixture for its figures, and waits for its next message. @returns {Promise<any>} */
async function ask (child) {
  child.send('?')
  const [figures] = await once(child, 'message')
  return figures
}

module.exports = { run, start, ask }
