'use strict'

const startChild = require('../child')
const { startProxy } = require('../proxies')

/**
 * Starts a server in a process of its own.
 *
 * @param {object} setup
 * @param {string} setup.framework a file in this folder
 * @param {string} setup.workload a file in ../workloads
 * @param {string} [setup.protection] a file in ../protections
 * @param {object} [setup.options] for the protection, instead of its defaults
 * @returns {Promise<{
 *   pid: number,
 *   port: number | undefined,
 *   socketPath: string | undefined,
 *   transport: 'http' | 'https' | 'http2' | 'grpc' | 'unix',
 *   slower: (factor: number) => Promise<object>,
 *   cpuUs: () => Promise<number>,
 *   stop: () => Promise<void>
 * }>} rejects if the server cannot start; `slower` exists for workloads that have it, `cpuUs` is the CPU time
 *   that the process has used
 */
async function startServer (setup) {
  const { flags } = require(`../workloads/${setup.workload}`)
  const { pid, ask, stop } = startChild(require.resolve('./server'), 'last', flags)

  async function cpuUs () {
    const { user, system } = await ask({ ask: 'cpu' })
    return user + system
  }

  try {
    const { proxy: kind, transport = 'http', ...address } = await ask({ ask: 'start', ...setup })
    const common = { pid, transport, slower: factor => ask({ ask: 'slower', factor }), cpuUs }
    if (kind === undefined) return { ...common, ...address, stop }
    const proxy = await startProxy(kind, address)
    return { ...common, port: proxy.port, stop: async () => { await Promise.all([proxy.stop(), stop()]) } }
  } catch (cause) {
    await stop()
    throw new Error(`the server could not start: ${cause.message}`, { cause })
  }
}

module.exports = startServer
