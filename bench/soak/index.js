'use strict'

/**
 * `npm run soak -- --minutes 5`: overloads a server for that long (an hour by default) and checks that its memory, its
 * descriptors and its counts do not grow. It prints a line for each time slice, then the results, which `--write` puts
 * into bench/RESULTS.md. The exit code is 1 if a check fails. Runs on Linux only.
 */

const { parseArgs } = require('node:util')

const startChild = require('../child')
const startClient = require('../load')
const { writeResults } = require('../results')
const { renderRecord } = require('./record')
const { BAD_CLIENTS_PER_SECOND, MIN_SLICES, OVERLOAD, PATTERNS, RANDOM_PATHS, SLICE_MS, TIMEOUT_MS } = require('./settings')
const check = require('./checks')

/**
 * @typedef {import('./server').Figures & { durationMs: number, goodput: number, invalid: string | null,
 *   failures: { new: Record<string, number>, kept: Record<string, number> } }} Slice
 *   `goodput`: useful responses per second; `failures`: counts; `invalid`: why the slice is unreliable, or null
 */

const CAPACITY_MS = 5000
const CAPACITY_PATHS = 1000
const CLIENTS = 4 // enough to keep the loop busy, too few for a long queue
const SETTLING_MS = 5000 // longer than an idle connection stays open

const MB = 2 ** 20

async function main () {
  const args = process.argv.slice(2)
  const { values } = parseArgs({ args, options: { minutes: { type: 'string', default: '60' }, write: { type: 'boolean', default: false } } })
  const totalMs = Number(values.minutes) * 60_000
  if (!(totalMs > 0)) throw new RangeError(`--minutes must be a number greater than 0; got '${values.minutes}'`)

  const server = startChild(require.resolve('./server'), 'last')
  const clients = [startClient(), startClient()]
  const badClients = startChild(require.resolve('./bad-clients'), 'first')
  try {
    const { port } = await server.ask({ ask: 'start' })
    const capacity = await measureCapacity(clients[0], port)
    console.log(`capacity: ${capacity.toFixed(0)} requests/s; offered load: ${OVERLOAD} times that, half of it on new connections`)
    const atRest = await figuresAtRest(server)
    const slices = await soak({ server, clients, badClients, port, rate: capacity * OVERLOAD, totalMs })
    const checks = check(slices, atRest, await figuresAtRest(server))
    if (checks.some(({ passed }) => !passed)) process.exitCode = 1
    const record = renderRecord(slices, checks, capacity, ['npm run soak', ...args.length > 0 ? ['--', ...args] : []].join(' '))
    console.log(record)
    if (values.write) console.log(writeResults(record))
  } finally {
    await Promise.all([server, badClients, ...clients].map(({ stop }) => stop()))
  }
}

async function measureCapacity (client, port) {
  const load = { mode: 'closed', connections: 'kept', clients: CLIENTS, path: paths(CAPACITY_PATHS), timeoutMs: TIMEOUT_MS }
  const report = await client.run({ ...load, port, durationMs: CAPACITY_MS, warmupMs: CAPACITY_MS })
  return report.perSecond.ok
}

/** @param {number} count */
function paths (count) {
  return Array.from({ length: count }, () => `/route${pick(PATTERNS)}/${pick(RANDOM_PATHS)}`)
}

const pick = (n) => Math.floor(Math.random() * n)

async function figuresAtRest (server) {
  await new Promise((resolve) => setTimeout(resolve, SETTLING_MS))
  return server.ask({ ask: 'figures' })
}

async function soak ({ server, clients, badClients, port, rate, totalMs }) {
  const durationMs = Math.min(SLICE_MS, totalMs / MIN_SLICES)
  const slices = []
  for (let i = 0; i < Math.round(totalMs / durationMs); i++) {
    const path = paths(Math.ceil(rate * durationMs / 1000))
    const half = { mode: 'open', rate: rate / clients.length, path, timeoutMs: TIMEOUT_MS, port, durationMs }
    const [fresh, kept] = await Promise.all([
      clients[0].run({ ...half, connections: 'new' }),
      clients[1].run({ ...half, connections: 'kept' }),
      badClients.ask({ port, durationMs, perSecond: BAD_CLIENTS_PER_SECOND })
    ])
    const figures = await server.ask({ ask: 'figures' })
    const slice = {
      ...figures,
      durationMs,
      goodput: fresh.perSecond.useful + kept.perSecond.useful,
      failures: { new: fresh.failures, kept: kept.failures },
      invalid: fresh.invalid ?? kept.invalid
    }
    console.log(`${String(i + 1).padStart(3)}: ${slice.goodput.toFixed(1)} useful/s, failures ${JSON.stringify(slice.failures)}, ` +
      `RSS ${(slice.rss / MB).toFixed(1)} MB, heap ${(slice.heapUsed / MB).toFixed(1)} MB, ` +
      `${slice.descriptors} descriptors${slice.invalid ? `; unreliable: ${slice.invalid}` : ''}`)
    slices.push(slice)
  }
  return slices
}

main()
