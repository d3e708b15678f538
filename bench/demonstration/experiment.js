'use strict'

const measure = require('../measure')
const startClient = require('../load')
const startServer = require('../servers')
const { SPIKE, spikeLoad, spikeMs, secondBySecond } = require('./spike')

const SETUP = { framework: 'express', workload: 'cpu-steps' }
const CONNECTIONS = 'new'
const PROTECTION = 'spillway'
const USEFUL_MS = 200
const SIDES = [undefined, PROTECTION]

// Enough to keep the server busy in every turn, and too few for a long queue.
const CAPACITY_CLIENTS = 4
const REHEARSAL_MS = 500
const START_MS = 500

// Time for repeating steps that other processes disturbed. It keeps the demonstration below two minutes.
const REPEATING_MS = 9_000

/**
 * The steps, in order.
 *
 * @param {import('./settings').Settings} settings
 * @returns {{ label: string, expectedMs: number, level?: number, protection?: string, spike?: boolean }[]}
 */
function plan (settings) {
  const { levels, durationMs, warmupMs, timeoutMs } = settings
  const baseMs = START_MS + REHEARSAL_MS + durationMs
  const spikes = SIDES.map(protection => ({
    label: `${protection ?? 'no protection'}, a spike of ${SPIKE} x capacity, clients that try again`,
    expectedMs: START_MS + REHEARSAL_MS + warmupMs + spikeMs(settings),
    protection,
    spike: true
  }))
  const steps = SIDES.flatMap(protection => levels.map(level => ({
    label: `${protection ?? 'no protection'}, ${level} x capacity`,
    // Without protection, the last requests wait until the client times out.
    expectedMs: baseMs + warmupMs + (protection || level <= 1 ? 0 : timeoutMs),
    level,
    protection
  })))
  return [{ label: 'capacity', expectedMs: baseMs }, ...spikes, ...steps]
}

/**
 * Measures the same server at each level of load, without and with protection.
 *
 * @typedef {{ protection?: string, level: number, report: import('../load/tally').Report }} Measurement
 *
 * @typedef {object} Result
 * @property {number} capacity requests per second
 * @property {string | null} capacityInvalid why the capacity is unreliable; null if it is not
 * @property {number} usefulMs a 200 response within this time is useful
 * @property {{ protection?: string, seconds: { second: number, share: number }[], invalid: string | null }[]} spikes the share
 *   of the requests that were answered in time, see spike.js
 * @property {Measurement[]} measurements
 *
 * @param {import('./settings').Settings} settings
 * @param {{ begin: (step: object) => void, end: () => void }} progress called for each step
 * @returns {Promise<Result>}
 */
async function runExperiment (settings, progress) {
  const client = startClient()
  const [first, ...steps] = plan(settings)
  let spareMs = REPEATING_MS

  async function run (step, load) {
    progress.begin(step)
    let report = await runOnFreshServer(client, settings, step.protection, load)
    if (report.invalid && spareMs >= step.expectedMs) {
      spareMs -= step.expectedMs
      report = await runOnFreshServer(client, settings, step.protection, load)
    }
    progress.end()
    return report
  }

  try {
    await checkProtection()
    const closed = await run(first, closedLoop(settings.durationMs))
    const capacity = closed.perSecond.ok
    if (capacity === 0) throw new Error('the server sent no 200 response')

    const spikes = []
    const measurements = []
    for (const step of steps) {
      const { protection, level, spike } = step
      if (spike) {
        const { timeline, invalid } = await run(step, { ...spikeLoad(capacity, settings), warmupMs: settings.warmupMs })
        spikes.push({ protection, seconds: secondBySecond(timeline, settings), invalid })
      } else {
        measurements.push({ protection, level, report: await run(step, openLoop(level * capacity, settings)) })
      }
    }
    return { capacity, capacityInvalid: closed.invalid, usefulMs: USEFUL_MS, spikes, measurements }
  } finally {
    await client.stop()
  }
}

// Fails early if the protection does not load.
async function checkProtection () {
  const server = await startServer({ ...SETUP, protection: PROTECTION })
  await server.stop()
}

/** The rehearsal lets V8 compile the server's code before it is measured. */
async function runOnFreshServer (client, { timeoutMs }, protection, load) {
  const common = { connections: CONNECTIONS, timeoutMs, usefulMs: USEFUL_MS }
  const server = await startServer({ ...SETUP, protection })
  try {
    await measure(client, server, { ...common, ...closedLoop(REHEARSAL_MS) })
    return await measure(client, server, { ...common, ...load })
  } finally {
    await server.stop()
  }
}

function closedLoop (durationMs) {
  return { mode: 'closed', clients: CAPACITY_CLIENTS, durationMs }
}

function openLoop (rate, { durationMs, warmupMs }) {
  return { mode: 'open', rate, durationMs, warmupMs }
}

module.exports = { plan, runExperiment }
