'use strict'

/**
 * `npm run soak -- --minutes 5`: hours of overload in which nothing may grow. Prints a line for each slice of the time, then
 * what must hold, as with `--write` it gets into bench/RESULTS.md; exits with 1 where something does not. Linux.
 */

const { parseArgs } = require('node:util')

const startChild = require('../child')
const startClient = require('../load')
const { writeResults } = require('../results')
const { renderRecord } = require('./record')
const { LEAST_SLICES, MISCHIEF_PER_SECOND, OVERLOAD, PATTERNS, RANDOM_PATHS, SLICE_MS, TIMEOUT_MS } = require('./settings')
const { judge } = require('./verdicts')

/**
 * @typedef {import('./server').Figures & { durationMs: number, goodput: number, invalid: string | null,
 *   failures: { new: Record<string, number>, kept: Record<string, number> } }} Slice useful answers a second, and counts
 */

const CAPACITY_MS = 5000
const CAPACITY_PATHS = 1000
const CLIENTS = 4 // enough to keep the loop busy, too few to queue
const SETTLING_MS = 5000 // longer than a kept connection stays open unused

const MB = 2 ** 20

async function main () {
  const args = process.argv.slice(2)
  const { values } = parseArgs({ args, options: { minutes: { type: 'string', default: '60' }, write: { type: 'boolean', default: false } } })
  const totalMs = Number(values.minutes) * 60_000
  if (!(totalMs > 0)) throw new RangeError(`--minutes: takes a number above 0; got ${values.minutes}`)

  const server = startChild(require.resolve('./server'), 'last')
  const clients = [startClient(), startClient()]
  const mischief = startChild(require.resolve('./mischief'), 'first')
  try {
    const { port } = await server.ask({ ask: 'start' })
    const capacity = await capacityOf(clients[0], port)
    console.log(`capacity ${capacity.toFixed(0)}/s; offered ${OVERLOAD} times that, half on new connections`)
    const atRest = await atRestOf(server)
    const slices = await soak({ server, clients, mischief, port, rate: capacity * OVERLOAD, totalMs })
    const verdicts = judge(slices, atRest, await atRestOf(server))
    if (verdicts.some(({ holds }) => !holds)) process.exitCode = 1
    const record = renderRecord(slices, verdicts, capacity, ['npm run soak', ...args.length > 0 ? ['--', ...args] : []].join(' '))
    console.log(record)
    if (values.write) console.log(writeResults(record))
  } finally {
    await Promise.all([server, mischief, ...clients].map(({ stop }) => stop()))
  }
}

async function capacityOf (client, port) {
  const load = { mode: 'closed', connections: 'kept', clients: CLIENTS, path: paths(CAPACITY_PATHS), timeoutMs: TIMEOUT_MS }
  const report = await client.run({ ...load, port, durationMs: CAPACITY_MS, warmupMs: CAPACITY_MS })
  return report.perSecond.ok
}

/** @param {number} count */
function paths (count) {
  return Array.from({ length: count }, () => `/route${pick(PATTERNS)}/${pick(RANDOM_PATHS)}`)
}

const pick = (n) => Math.floor(Math.random() * n)

async function atRestOf (server) {
  await new Promise((resolve) => setTimeout(resolve, SETTLING_MS))
  return server.ask({ ask: 'figures' })
}

async function soak ({ server, clients, mischief, port, rate, totalMs }) {
  const durationMs = Math.min(SLICE_MS, totalMs / LEAST_SLICES)
  const slices = []
  for (let i = 0; i < Math.round(totalMs / durationMs); i++) {
    const path = paths(Math.ceil(rate * durationMs / 1000))
    const half = { mode: 'open', rate: rate / clients.length, path, timeoutMs: TIMEOUT_MS, port, durationMs }
    const [fresh, kept] = await Promise.all([
      clients[0].run({ ...half, connections: 'new' }),
      clients[1].run({ ...half, connections: 'kept' }),
      mischief.ask({ port, durationMs, perSecond: MISCHIEF_PER_SECOND })
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
      `${slice.descriptors} descriptors${slice.invalid ? `; not to be trusted: ${slice.invalid}` : ''}`)
    slices.push(slice)
  }
  return slices
}

main()
