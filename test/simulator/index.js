'use strict'

const Agenda = require('./agenda')
const { meanOf } = require('./ideal')
const Pool = require('./pool')
const Process = require('./process')
const Random = require('./random')
const startTraffic = require('./traffic')
const { ms, toMs } = require('./units')

/** The costs of Express on two cores under Linux and Node 20.20, in ms. */
const EXPRESS = { turn: 0.015, accept: 0.04, begin: 0.3, refuse: 0.06, spill: 0.01 }

/**
 * Runs a scenario on a virtual clock, and returns the records of its requests (see traffic.js). The same seed gives the same run.
 *
 * `controller`, or `controllers` if several servers share the process; `sources` (see traffic.js); `pauses`: `{ everyMs, lastMs }`;
 * `script`: `[[atMs, run], …]`; `kernelWaits: false` for a system whose kernel does not report waits; `spill: true` to refuse
 * from the accept queue; `dryRun: true` to admit requests that the controller refuses; `acceptQueue`: the length of that queue.
 *
 * A scenario that needs a pool is a function that gets a constructor of pools: `simulate((pool) => ({ … query(pool(20)) … }))`.
 */
function simulate (scenario) {
  const agenda = new Agenda()
  const {
    controller, controllers = [controller], sources, durationMs, seed = 1, costs = EXPRESS, tickMs = 4, kernelWaits = true, spill, dryRun, acceptQueue, pauses, script = []
  } = typeof scenario === 'function' ? scenario((slots) => new Pool(agenda, slots)) : scenario
  const process = new Process({ agenda, controllers, costs, tickMs, kernelWaits, spill, dryRun, acceptQueue })
  const random = new Random(seed)
  const records = []
  for (const source of sources) startTraffic({ agenda, random, process, source, records, untilMs: durationMs })
  for (let at = pauses?.everyMs; at < durationMs; at += pauses.everyMs) {
    agenda.at(ms(at), () => process.pause(ms(pauses.lastMs)))
  }
  for (const [atMs, run] of script) agenda.at(ms(atMs), (time) => run(toMs(time)))
  process.run(ms(durationMs))
  return records
}

/** Requests per second that the loop can serve. Each needs its CPU, the framework's share and, on a new connection, an accept. */
function loopCapacity (phases, { keepAlive, costs = EXPRESS }) {
  const cpu = phases.reduce((sum, phase) => sum + meanMs(phase.cpu ?? 0), 0)
  return 1000 / (cpu + costs.begin + costs.turn + (keepAlive ? 0 : costs.accept))
}

/** @param {number | import('./distributions').Distribution} duration */
function meanMs (duration) {
  return typeof duration === 'function' ? meanOf(duration) : duration
}

/** The share of its capacity that a loop can use for answers at `times` that load, because refusals also take time. */
function ceiling (times, phases, { keepAlive, costs = EXPRESS, spill = false }) {
  const refusal = spill ? costs.spill : costs.refuse + (keepAlive ? 0 : costs.accept + costs.turn)
  const rho = refusal * loopCapacity(phases, { keepAlive, costs }) / 1000
  return Math.min(1, (1 - times * rho) / (1 - rho))
}

module.exports = { simulate, loopCapacity, ceiling, EXPRESS }
