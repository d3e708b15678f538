'use strict'

const http = require('node:http')
const { once } = require('node:events')

const startServer = require('../servers')
const { fill } = require('../workloads/hang')

const REFUSE_ALL = { maxDelay: false, maxInFlight: 1 }
const WARM_UP_MS = 500
const MEASURE_MS = 1500

const EXPECTED_MS = 2 * WARM_UP_MS + MEASURE_MS

/**
 * The CPU time that the server spends per 503 response while it sheds all requests. This overestimates the cost: under
 * overload, more requests share each turn and each wake-up.
 *
 * @param {ReturnType<import('../load')>} client
 * @param {{ framework: string, protection: 'spillway' | 'guard', connections: 'new' | 'kept' }} scenario
 * @returns {Promise<number>} µs
 */
async function refusalCostUs (client, { framework, protection, connections }) {
  const server = await startServer({ framework, workload: 'hang', protection, options: REFUSE_ALL })
  const load = { mode: 'closed', clients: fill, connections, timeoutMs: WARM_UP_MS, port: server.port }
  const hanging = http.get({ host: '127.0.0.1', port: server.port, agent: false })
  hanging.on('error', () => {})
  try {
    await once(hanging, 'socket')
    await client.run({ ...load, durationMs: WARM_UP_MS })
    const beforeUs = await server.cpuUs()
    const { refused } = await client.run({ ...load, durationMs: MEASURE_MS })
    return (await server.cpuUs() - beforeUs) / refused
  } finally {
    hanging.destroy()
    await server.stop()
  }
}

module.exports = { refusalCostUs, EXPECTED_MS }
