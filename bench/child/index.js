'use strict'

const { fork } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')

const cores = require('./cores')

const running = new Set()

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/**
 * Starts a Node process that answers questions (see answer.js), pinned to a core if the system supports that.
 *
 * @param {string} file absolute path of the child's script
 * @param {'first' | 'last'} [core] children with the same value share a core; with different values, they do not
 * @param {string[]} [flags] for Node
 * @returns {{
 *   pid: number,
 *   ask: (question: object) => Promise<object>,
 *   stop: () => Promise<void>
 * }} `ask` takes one question at a time and rejects if the child exits before it answers; `stop` is idempotent
 */
function startChild (file, core, flags = []) {
  const { execArgv = [], ...pinned } = (core && cores.pinTo(core)) ?? {}
  const child = fork(file, { ...pinned, execArgv: [...execArgv, ...flags] })
  const ended = once(child, 'exit')
  running.add(child)
  child.once('exit', () => running.delete(child))

  async function ask (question) {
    const settled = new AbortController()
    const answered = once(child, 'message', { signal: settled.signal })
    child.send(question, () => {})
    try {
      const [answer] = await Promise.race([answered, failWhenEnded()])
      return answer
    } finally {
      settled.abort()
    }
  }

  async function failWhenEnded () {
    const [code, signal] = await ended
    throw new Error(`${path.relative(process.cwd(), file)} ended ${signal ? `by ${signal}` : `with code ${code}`}` +
      ' before it answered')
  }

  async function stop () {
    child.kill('SIGKILL')
    await ended
  }

  return { pid: child.pid, ask, stop }
}

module.exports = startChild
