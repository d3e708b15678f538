'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const startChild = require('../child')
const { startProxy } = require('../proxies')

const BEHIND = '-behind-'
const ON_SOCKETS = ['unix']

let sockets = 0

/**
 * Starts a server in a process of its own.
 *
 * @param {object} setup
 * @param {string} setup.framework a file in this folder; `-behind-` and the name of a proxy may follow, see proxyOf
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
async function startServer ({ framework: name, ...setup }) {
  const { flags } = require(`../workloads/${setup.workload}`)
  const [framework] = name.split(BEHIND)
  const socketPath = ON_SOCKETS.includes(framework) ? path.join(os.tmpdir(), `spillway-bench-${process.pid}-${++sockets}.sock`) : undefined
  const { pid, ask, stop: stopChild } = startChild(require.resolve('./server'), 'last', flags)

  async function cpuUs () {
    const { user, system } = await ask({ ask: 'cpu' })
    return user + system
  }

  async function stop () {
    await stopChild()
    if (socketPath) fs.rmSync(socketPath, { force: true })
  }

  try {
    const { port, transport } = await ask({ ask: 'start', ...setup, framework, socketPath })
    const server = { pid, port, socketPath, transport, slower: factor => ask({ ask: 'slower', factor }), cpuUs, stop }
    const kind = proxyOf(name)
    if (kind === undefined) return server
    const proxy = await startProxy(kind, server)
    return {
      ...server,
      port: proxy.port,
      socketPath: undefined,
      transport: 'http',
      async stop () {
        await proxy.stop()
        await stop()
      }
    }
  } catch (cause) {
    await stop()
    throw new Error(`the server could not start: ${cause.message}`, { cause })
  }
}

/**
 * @param {string} framework such as `express-behind-nginx`
 * @returns {string | undefined} the proxy in front of the server, if any: nginx or haproxy
 */
function proxyOf (framework) {
  return framework.split(BEHIND)[1]
}

module.exports = Object.assign(startServer, { proxyOf })
