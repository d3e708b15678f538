'use strict'

const { setTimeout: sleep } = require('node:timers/promises')

const measure = require('../measure')
const startServer = require('../servers')

const USEFUL_MS = 200
const REHEARSAL_MS = 500
const CAPACITY_SHARE = 0.4

// Runs with unequal requests are longer, so that the share that is served is within about 0.01 of that of an endless run.
const UNEQUAL_TIMES = 6

// Lengths of the steps, as shares of the length of a run at constant load.
const STEP_SHARES = [0.5, 1, 0.8]
const RECOVERED_P99_MS = 150

// Clients that ask for little: half of the capacity, in total.
// The capacity that each of them asks for. Critical requests are a fifth of a load of 3 times the capacity in all.
const NEIGHBOURS = { count: 10, times: { address: 0.05, header: 0.05, priority: 0.06 } }

const UPLOADS = { path: '/upload', bytes: 10e6, pieces: 30, durationMs: 3000 }

// A database that becomes slower and stays slow. Counting starts 3 s later, and allows for the longer service time.
const SLOWER = { factor: 3, settlingMs: 3000, usefulMs: 400 }

/**
 * Starts a server, lets V8 compile its code by a short load, calls `use`, and stops the server.
 *
 * @template T
 * @param {ReturnType<import('../load')>} client
 * @param {import('./scenarios').Scenario} scenario
 * @param {(server: object, load: object, workload: object) => Promise<T>} use `load` has the properties that all loads share
 * @returns {Promise<T>}
 */
async function onFreshServer (client, scenario, timeoutMs, use) {
  return onColdServer(client, scenario, timeoutMs, async (server, load, workload) => {
    await measure(client, server, { ...load, ...closedLoop(workload, REHEARSAL_MS) })
    return use(server, load, workload)
  })
}

async function onColdServer (client, { workload: name, framework, protection, connections }, timeoutMs, use) {
  const workload = require(`../workloads/${name}`)
  const server = await startServer({ framework, workload: name, protection })
  const paths = Object.keys(workload.routes).filter(path => path !== UPLOADS.path)
  const load = { connections, path: paths, timeoutMs, usefulMs: USEFUL_MS }
  try {
    return await use(server, load, workload)
  } finally {
    await server.stop()
  }
}

function closedLoop ({ fill }, durationMs) {
  return { mode: 'closed', clients: fill, durationMs }
}

/**
 * Measures the capacity of the unprotected server.
 *
 * @param {ReturnType<import('../load')>} client
 * @param {import('./scenarios').Scenario} scenario
 * @param {import('./settings').Settings} settings
 * @param {{ slower: boolean }} [state] whether the workload's `slower` was called
 * @returns {Promise<import('../load').Report>}
 */
function measureCapacity (client, scenario, settings, { slower } = { slower: false }) {
  return onFreshServer(client, { ...scenario, protection: undefined }, settings.timeoutMs, async (server, load, workload) => {
    if (slower) await server.slower(SLOWER.factor)
    const counted = closedLoop(workload, capacityMs(settings, slower))
    return measure(client, server, { ...load, ...counted, warmupMs: REHEARSAL_MS })
  })
}

/**
 * @param {ReturnType<import('../load')>} client
 * @param {import('./scenarios').Scenario} scenario
 * @param {number} capacity requests per second
 * @param {import('./settings').Settings} settings
 * @returns {Promise<import('../load').Report>}
 */
function runScenario (client, scenario, capacity, settings) {
  if (scenario.per === 'clients') return runCold(client, scenario, settings)
  const { timeoutMs, warmupMs } = settings
  const phases = phasesOf(scenario, capacity, settings)
  const stepped = phases.length > 1 ? { recoveredP99Ms: RECOVERED_P99_MS } : {}
  return onFreshServer(client, scenario, timeoutMs, async (server, common) => {
    const load = { ...common, mode: 'open', phases, warmupMs, arrivals: scenario.arrivals, ...stepped, ...neighboursOf(scenario, capacity), ...patienceOf(scenario) }
    if (scenario.event === 'uploads') return measure(client, server, { ...load, uploads: UPLOADS })
    if (scenario.event !== 'slower') return measure(client, server, load)
    const afterwards = { warmupMs: warmupMs + SLOWER.settlingMs, usefulMs: SLOWER.usefulMs }
    const [report] = await Promise.all([
      measure(client, server, { ...load, ...afterwards }),
      sleep(warmupMs).then(() => server.slower(SLOWER.factor))
    ])
    return report
  })
}

/** A closed loop on a server that has just started. The client's own code is compiled first, by a load on another server. */
async function runCold (client, scenario, { timeoutMs, durationMs }) {
  const load = closedLoop({ fill: scenario.steps[0] }, CAPACITY_SHARE * durationMs)
  await onColdServer(client, { ...scenario, protection: undefined }, timeoutMs, (server, common) =>
    measure(client, server, { ...common, ...load }))
  return onColdServer(client, scenario, timeoutMs, (server, common) => measure(client, server, { ...common, ...load }))
}

function neighboursOf ({ neighbours: by }, capacity) {
  if (by === undefined) return {}
  const { count, times } = NEIGHBOURS
  return { neighbours: { count, rate: times[by] * capacity, by } }
}

function patienceOf ({ patienceMs }) {
  return patienceMs === undefined ? {} : { usefulMs: patienceMs, name: { headers: { 'x-request-timeout-ms': String(patienceMs) } } }
}

function phasesOf ({ workload, steps, per }, capacity, { durationMs }) {
  const times = require(`../workloads/${workload}`).service ? UNEQUAL_TIMES : 1
  return steps.map((step, i) => ({
    rate: per === 'second' ? step : step * capacity,
    durationMs: times * (steps.length > 1 ? STEP_SHARES[i] * durationMs : durationMs)
  }))
}

// A slower pool completes fewer rounds of 20 requests in the same time. A longer run keeps the error small.
function capacityMs ({ durationMs }, slower) {
  return slower ? durationMs : CAPACITY_SHARE * durationMs
}

/**
 * @param {import('./scenarios').Scenario} scenario
 * @param {import('./settings').Settings} settings
 * @returns {number} ms that its run takes at most, without repetitions
 */
function expectedMs (scenario, settings) {
  const { ours, steps, event, per } = scenario
  if (per === 'clients') return REHEARSAL_MS + 2 * CAPACITY_SHARE * settings.durationMs
  const countedMs = phasesOf(scenario, 1, settings).reduce((sum, phase) => sum + phase.durationMs, 0)
  const unanswered = !ours && Math.max(...steps) > 1
  const settlingMs = event === 'slower' ? SLOWER.settlingMs + expectedCapacityMs(settings, true) : 0
  // Without protection, the last requests wait until the client times out.
  return REHEARSAL_MS * 2 + settings.warmupMs + settlingMs + countedMs + (unanswered ? settings.timeoutMs : 0)
}

function expectedCapacityMs (settings, slower = false) {
  return REHEARSAL_MS * 3 + capacityMs(settings, slower)
}

module.exports = { measureCapacity, runScenario, expectedMs, expectedCapacityMs }
