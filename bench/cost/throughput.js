'use strict'

const startChild = require('../child')
const startServer = require('../servers')
const median = require('../median')

const CONNECTIONS = 32
const WARM_UP_MS = 1000

// `without`: the protection of the server that the pair is compared with; default: none.
const PAIRS = [
  { framework: 'http', protection: 'guard', atLeast: 0.98 },
  { framework: 'http', protection: 'guard-by-address-and-path', without: 'guard', atMostUs: 0.15 },
  { framework: 'fastify', protection: 'guard', atLeast: 0.98 },
  { framework: 'fastify', protection: 'spillway', atLeast: 0.98 },
  { framework: 'fastify', protection: 'pass-through' },
  { framework: 'express', protection: 'spillway', atLeast: 0.99 },
  { framework: 'express', protection: 'pass-through' }
]

/**
 * Compares a hello-world server that has a protection with the same server without it, or with another one. Both run at the
 * same time and are loaded in alternating rounds, so that a slowdown of the machine affects both.
 *
 * @typedef {object} Throughput
 * @property {string} framework
 * @property {string} protection
 * @property {string} [without] the protection that it is compared with; default: none
 * @property {number} [atLeast] the target for `ratio`
 * @property {number} [atMostUs] the target for `extraCpuUs`
 * @property {number} perSecond responses per second of the server that it is compared with: median of the rounds
 * @property {number} ratio responses per second with the protection, divided by those without: median of the rounds
 * @property {number} cpuRatio CPU time per request without the protection, divided by that with it: median of the
 *   rounds. Other processes and the client do not influence it, so it is the better figure on a busy machine
 * @property {number} extraCpuUs µs of CPU time per request with the protection, minus those without: median of the rounds
 * @property {number} refused responses other than 200 in all rounds; should be 0
 *
 * @param {{ rounds: number, roundMs: number }} settings
 * @param {(name: string) => boolean} wanted whether to measure the pair `throughput/framework/protection`
 * @returns {Promise<Throughput[]>}
 */
async function measureThroughput ({ rounds, roundMs }, wanted) {
  const client = startChild(require.resolve('./client'), 'first')
  const results = []
  try {
    for (const pair of PAIRS) {
      const name = `throughput/${pair.framework}/${pair.protection}`
      if (!wanted(name)) continue
      console.error(name)
      results.push({ ...pair, ...await compare(client, pair, rounds, roundMs) })
    }
  } finally {
    await client.stop()
  }
  return results
}

async function compare (client, { framework, protection, without }, rounds, roundMs) {
  const servers = []
  try {
    for (const each of [without, protection]) {
      servers.push(await startServer({ framework, workload: 'hello', protection: each }))
    }
    const [bare, guarded] = servers
    for (const server of servers) await load(client, server, WARM_UP_MS)
    const pairs = []
    for (let round = 0; round < rounds; round++) {
      // The order alternates too.
      const order = round % 2 === 0 ? [bare, guarded] : [guarded, bare]
      const figures = new Map()
      for (const server of order) figures.set(server, await load(client, server, roundMs))
      pairs.push([figures.get(bare), figures.get(guarded)])
    }
    return {
      perSecond: median(pairs.map(([bare]) => bare.perSecond)),
      ratio: median(pairs.map(([bare, guarded]) => guarded.perSecond / bare.perSecond)),
      cpuRatio: median(pairs.map(([bare, guarded]) => bare.cpuUs / guarded.cpuUs)),
      extraCpuUs: median(pairs.map(([bare, guarded]) => guarded.cpuUs - bare.cpuUs)),
      refused: pairs.reduce((sum, [, guarded]) => sum + guarded.refused, 0)
    }
  } finally {
    for (const server of servers) await server.stop()
  }
}

async function load (client, server, durationMs) {
  const beforeUs = await server.cpuUs()
  const { answers, refused, failure } = await client.ask({ port: server.port, connections: CONNECTIONS, durationMs })
  if (failure) throw new Error(failure)
  return { refused, perSecond: answers * 1000 / durationMs, cpuUs: (await server.cpuUs() - beforeUs) / answers }
}

module.exports = measureThroughput
