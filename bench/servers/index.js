'use strict'

const startChild = require('../child')

/**
 * Starts a server in a process of its own. Each name is that of a file: in this folder, in workloads, in protections.
 *
 * @param {object} setup
 * @param {string} setup.framework
 * @param {string} setup.workload
 * @param {string} [setup.protection]
 * @param {object} [setup.options] for the protection, in place of its own
 * @returns {Promise<{
 *   pid: number,
 *   port: number,
 *   slower: (factor: number) => Promise<object>,
 *   cpuUs: () => Promise<number>,
 *   stop: () => Promise<void>
 * }>} rejects when the server cannot start; `slower` is for workloads that have it, `cpuUs` what the process has used
 */
async function startServer (setup) {
  const { pid, ask, stop } = startChild(require.resolve('./server'), 'last')

  async function cpuUs () {
    const { user, system } = await ask({ ask: 'cpu' })
    return user + system
  }

  try {
    const { port } = await ask({ ask: 'start', ...setup })
    return { pid, port, slower: factor => ask({ ask: 'slower', factor }), cpuUs, stop }
  } catch (cause) {
    await stop()
    throw new Error(`the server could not start: ${cause.message}`, { cause })
  }
}

module.exports = startServer
