'use strict'

const startClient = require('../load')
const startServer = require('../servers')

const SETUP = { framework: 'express', workload: 'cpu-steps' }
const CONNECTIONS = 'new'
const PROTECTION = 'spillway'
const USEFUL_MS = 200

// Keeps the server busy in every turn, with a queue too short to matter.
const CAPACITY_CLIENTS = 4
const REHEARSAL_MS = 500
const START_MS = 500

// For levels at which the client was disturbed: what keeps the whole below 90 s.
const REPEATING_MS = 12_000

/**
 * What will be run, in order.
 *
 * @param {import('./settings').Settings} settings
 * @returns {{ label: string, expectedMs: number, level?: number, protection?: string }[]}
 */
function plan ({ levels, durationMs, warmupMs, timeoutMs }) {
  const baseMs = START_MS + REHEARSAL_MS + durationMs
  const steps = [undefined, PROTECTION].flatMap(protection => levels.map(level => ({
    label: `${protection ?? 'no protection'}, ${level} x capacity`,
    // Where nothing is refused, the last requests wait for the client's time-out.
    expectedMs: baseMs + warmupMs + (protection || level <= 1 ? 0 : timeoutMs),
    level,
    protection
  })))
  return [{ label: 'capacity', expectedMs: baseMs }, ...steps]
}

/**
 * The classic experiment: the same server at each level of load, without and with protection.
 *
 * @typedef {{ protection?: string, level: number, report: import('../load/tally').Report }} Measurement
 *
 * @param {import('./settings').Settings} settings
 * @param {{ begin: (step: object) => void, end: () => void }} progress told of each step of the plan
 * @returns {Promise<{ capacity: number, usefulMs: number, measurements: Measurement[] }>} capacity in requests per second
 */
async function runExperiment (settings, progress) {
  const client = startClient()
  const [first, ...steps] = plan(settings)
  const measurements = []
  let spareMs = REPEATING_MS
  try {
    progress.begin(first)
    await checkProtection()
    const capacity = await measureCapacity(client, settings)
    progress.end()

    for (const step of steps) {
      const { expectedMs, level, protection } = step
      progress.begin(step)
      let report = await measure(client, settings, level * capacity, protection)
      if (report.invalid && spareMs >= expectedMs) {
        spareMs -= expectedMs
        report = await measure(client, settings, level * capacity, protection)
      }
      measurements.push({ protection, level, report })
      progress.end()
    }
    return { capacity, usefulMs: USEFUL_MS, measurements }
  } finally {
    await client.stop()
  }
}

// Better now than after half of the experiment.
async function checkProtection () {
  const server = await startServer({ ...SETUP, protection: PROTECTION })
  await server.stop()
}

async function measureCapacity (client, settings) {
  const { perSecond } = await onFreshServer(client, settings, undefined, port => closedLoop(port, settings))
  if (perSecond.ok === 0) throw new Error('the server answered nothing')
  return perSecond.ok
}

function measure (client, settings, rate, protection) {
  const { durationMs, warmupMs } = settings
  return onFreshServer(client, settings, protection,
    port => ({ ...to(port, settings), mode: 'open', rate, durationMs, warmupMs }))
}

/** One run on a server that has just been compiled by use. */
async function onFreshServer (client, settings, protection, createLoad) {
  const server = await startServer({ ...SETUP, protection })
  try {
    await client.run(closedLoop(server.port, { ...settings, durationMs: REHEARSAL_MS }))
    return await client.run(createLoad(server.port))
  } finally {
    await server.stop()
  }
}

function closedLoop (port, settings) {
  return { ...to(port, settings), mode: 'closed', clients: CAPACITY_CLIENTS, durationMs: settings.durationMs }
}

function to (port, { timeoutMs }) {
  return { port, connections: CONNECTIONS, timeoutMs, usefulMs: USEFUL_MS }
}

module.exports = { plan, runExperiment }
