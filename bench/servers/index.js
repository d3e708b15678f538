'use strict'

const startChild = require('../child')

/**
 * Starts a server in a process of its own. Each name is that of a file: in this folder, in workloads, in protections.
 *
 * @param {{ framework: string, workload: string, protection?: string }} setup
 * @returns {Promise<{ pid: number, port: number, stop: () => Promise<void> }>} rejects when the server cannot start
 */
async function startServer (setup) {
  const { pid, ask, stop } = startChild(require.resolve('./server'), 'last')
  try {
    const { port } = await ask(setup)
    return { pid, port, stop }
  } catch (cause) {
    await stop()
    throw new Error(`the server could not start: ${cause.message}`, { cause })
  }
}

module.exports = startServer
