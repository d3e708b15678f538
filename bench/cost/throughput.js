'use strict'

const startChild = require('../child')
const startServer = require('../servers')
const median = require('../median')

const CONNECTIONS = 32
const WARM_UP_MS = 1000

const PAIRS = [
  { framework: 'http', protection: 'guard', atLeast: 0.98 },
  { framework: 'fastify', protection: 'guard', atLeast: 0.98 },
  { framework: 'fastify', protection: 'spillway', atLeast: 0.98 },
  { framework: 'fastify', protection: 'pass-through' },
  { framework: 'express', protection: 'spillway', atLeast: 0.99 },
  { framework: 'express', protection: 'pass-through' }
]

/**
 * A hello-world server with a protection over the same without. The two stand side by side and are loaded in turns, so
 * that a machine that slows down slows both.
 *
 * @typedef {object} Throughput
 * @property {string} framework
 * @property {string} protection
 * @property {number} [atLeast] what `ratio` is to reach
 * @property {number} perSecond answers of the unprotected, median
 * @property {number} ratio with over without: median of the rounds
 * @property {number} cpuRatio CPU time of a request, without over with: median of the rounds; free of what the client
 *   and others do, and so the better figure on a busy machine
 * @property {number} refused answers that were not 200, in all rounds: each is one too many
 *
 * @param {{ rounds: number, roundMs: number, only: string[] }} settings
 * @returns {Promise<Throughput[]>}
 */
async function measureThroughput ({ rounds, roundMs, only }) {
  const client = startChild(require.resolve('./client'), 'first')
  const results = []
  try {
    for (const pair of PAIRS) {
      const name = `${pair.framework}/${pair.protection}`
      if (only.length > 0 && !only.some(pattern => name.includes(pattern))) continue
      console.error(`throughput: ${name}`)
      results.push({ ...pair, ...await compare(client, pair, rounds, roundMs) })
    }
  } finally {
    await client.stop()
  }
  return results
}

async function compare (client, { framework, protection }, rounds, roundMs) {
  const servers = []
  try {
    for (const given of [undefined, protection]) {
      servers.push(await startServer({ framework, workload: 'hello', protection: given }))
    }
    const [without, withIt] = servers
    for (const server of servers) await load(client, server, WARM_UP_MS)
    const pairs = []
    for (let round = 0; round < rounds; round++) {
      // Who comes first takes turns too.
      const order = round % 2 === 0 ? [without, withIt] : [withIt, without]
      const figures = new Map()
      for (const server of order) figures.set(server, await load(client, server, roundMs))
      pairs.push([figures.get(without), figures.get(withIt)])
    }
    return {
      perSecond: median(pairs.map(([bare]) => bare.perSecond)),
      ratio: median(pairs.map(([bare, guarded]) => guarded.perSecond / bare.perSecond)),
      cpuRatio: median(pairs.map(([bare, guarded]) => bare.cpuUs / guarded.cpuUs)),
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
