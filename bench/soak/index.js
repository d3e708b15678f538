'use strict'

/**
 * `npm run soak -- --minutes 5`: hours of overload in which nothing may grow. Prints a line for each slice
 * of the time, then what must hold; exits with 1 where something does not. Linux.
 */

const { parseArgs } = require('node:util')

const startChild = require('../child')
const startClient = require('../load')
const {
  GOODPUT_SHARE, LEAST_SLICES, OVERLOAD, PATTERNS, RANDOM_PATHS, RSS_SHARE, SLICE_MS, TIMEOUT_MS
} = require('./settings')

const CAPACITY_MS = 5000
const CAPACITY_PATHS = 1000
const CLIENTS = 4 // enough to keep the loop busy, too few to queue
const MISCHIEF_PER_SECOND = 5 // of each kind
const SETTLING_MS = 5000 // longer than a kept connection stays open unused

const MB = 2 ** 20

async function main () {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' } } })
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
    judge(slices, atRest, await atRestOf(server))
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

/** The first slice is the warm-up. Where others took the machine, what was measured says nothing. */
function judge ([, ...slices], before, after) {
  const trusted = slices.filter(({ invalid }) => invalid === null)
  if (trusted.length < 2) throw new Error('soak: no two slices can be trusted; the machine was busy with others')
  const [first, last] = [trusted[0], trusted.at(-1)]
  const growth = last.rss / first.rss - 1
  const loss = 1 - last.goodput / first.goodput
  const verdicts = [
    [`RSS grew by ${percent(growth)}, at most ${percent(RSS_SHARE)}`, growth <= RSS_SHARE],
    [`goodput fell by ${percent(loss)}, at most ${percent(GOODPUT_SHARE)}`, loss <= GOODPUT_SHARE],
    [`${after.descriptors} descriptors at rest, ${before.descriptors} before`, after.descriptors <= before.descriptors],
    [`${after.inFlight} in flight at rest, ${after.law} by the law's count`, after.inFlight === 0 && after.law === 0]
  ]
  for (const [text, holds] of verdicts) console.log(`${holds ? 'holds' : 'FAILS'}: ${text}`)
  if (verdicts.some(([, holds]) => !holds)) process.exitCode = 1
}

function percent (share) {
  return `${(share * 100).toFixed(1)} %`
}

main()
