'use strict'

const startClient = require('../load')
const { idealShare } = require('../../test/simulator/ideal')
const { EXPECTED_MS, refusalCostUs } = require('./refusal-cost')
const { expectedCapacityMs, expectedMs, measureCapacity, runScenario } = require('./run')
const { groupOf, unprotected } = require('./scenarios')

// Of the protections, and so the patience of the ideal server.
const MAX_DELAY_MS = 100

// The load that measures the cost of a 503 speaks only HTTP/1 over TCP.
const WITH_COST = ['express', 'fastify', 'hapi', 'http', 'koa']

/**
 * @typedef {object} Outcome
 * @property {import('./scenarios').Scenario} scenario
 * @property {number} capacity requests per second, to which goodput is relative
 * @property {import('../load').Report} report
 * @property {string | null} invalid why the run is unreliable; null if it is not
 * @property {number} goodput useful responses, those of neighbours included, relative to capacity
 * @property {number} served share of the requests with a 200 response
 * @property {number} [neighboursServed] the same for the neighbours together, if there are any
 * @property {number} [neighboursP99] p99 latency of their 200 responses, ms
 * @property {number} [ideal] the share that the ideal server would serve, for unequal requests with Poisson arrivals
 * @property {number} shed share of the requests with a 503 response
 * @property {number} failures share of the requests that failed
 * @property {number} [rho] CPU time of a 503 response, relative to that of a request
 * @property {number} [ceiling] the goodput that the cost of shedding allows: (1 - m rho) / (1 - rho) at m times capacity
 * @property {number} [p99OfNone] p99 latency of the unprotected server at the same load, ms
 */

/**
 * The steps in order. The capacity is measured before each group, the cost of a 503 before the first run that needs it.
 *
 * @param {import('./scenarios').Scenario[]} scenarios
 * @param {import('./settings').Settings} settings
 * @returns {{ label: string, expectedMs: number, kind: 'capacity' | 'cost' | 'run', scenario: object }[]}
 */
function plan (scenarios, settings) {
  const seen = new Set()
  const once = key => !seen.has(key) && seen.add(key)
  return scenarios.flatMap(scenario => {
    const group = groupOf(scenario)
    const cost = costOf(scenario)
    return [
      scenario.per === 'capacity' && once(group) &&
        { kind: 'capacity', label: `${group}: capacity`, expectedMs: expectedCapacityMs(settings) },
      hasCeiling(scenario) && once(cost) && { kind: 'cost', label: `${cost}: cost of a 503`, expectedMs: EXPECTED_MS },
      { kind: 'run', label: scenario.name, expectedMs: expectedMs(scenario, settings) }
    ].filter(Boolean).map(step => ({ ...step, scenario }))
  })
}

/**
 * @param {ReturnType<typeof plan>} steps
 * @param {import('./settings').Settings} settings
 * @param {{ begin: (step: object) => void, end: () => void }} progress called for each step
 * @param {(outcome: Outcome) => void} onOutcome called after each run
 * @returns {Promise<Outcome[]>}
 */
async function runSweep (steps, settings, progress, onOutcome) {
  const client = startClient()
  const capacities = new Map()
  const costs = new Map()
  const outcomes = new Map()
  const kinds = {
    async capacity (scenario) {
      capacities.set(groupOf(scenario), await reliably(() => measureCapacity(client, scenario, settings)))
    },
    async cost (scenario) {
      costs.set(costOf(scenario), await refusalCostUs(client, scenario))
    },
    async run (scenario) {
      outcomes.set(scenario.name, await outcomeOf(client, scenario, settings, { capacities, costs, outcomes }))
      onOutcome(outcomes.get(scenario.name))
    }
  }

  try {
    for (const step of steps) {
      progress.begin(step)
      await kinds[step.kind](step.scenario)
      progress.end()
    }
  } finally {
    await client.stop()
  }
  return [...outcomes.values()]
}

async function outcomeOf (client, scenario, settings, { capacities, costs, outcomes }) {
  const before = capacities.get(groupOf(scenario))
  const slower = scenario.event === 'slower'
  const after = slower ? await reliably(() => measureCapacity(client, scenario, settings, { slower })) : before
  const report = await reliably(() => runScenario(client, scenario, before?.perSecond.ok, settings))
  const capacity = after?.perSecond.ok
  const bare = scenario.reach.p99OfNone && outcomes.get(unprotected(scenario).name)
  const costUs = hasCeiling(scenario) ? costs.get(costOf(scenario)) : undefined
  const rho = costUs && costUs * capacity / 1e6
  return {
    scenario,
    capacity,
    report,
    invalid: report.invalid ?? report.neighbours?.invalid ?? reasonOf('capacity', after) ?? reasonOf('unprotected', bare) ?? null,
    goodput: (report.perSecond.useful + (report.neighbours?.perSecond.useful ?? 0)) / capacity,
    served: report.ok / report.offered,
    neighboursServed: report.neighbours && report.neighbours.ok / report.neighbours.offered,
    neighboursP99: report.neighbours?.okMs.p99,
    ideal: idealOf(scenario),
    shed: report.refused / report.offered,
    failures: report.failed / report.offered,
    rho,
    ceiling: rho && (1 - scenario.steps[0] * rho) / (1 - rho),
    p99OfNone: bare?.report.okMs.p99
  }
}

function idealOf ({ workload, arrivals, steps: [times, ...more] }) {
  const { service } = require(`../workloads/${workload}`)
  if (!service || arrivals !== 'poisson' || more.length > 0) return undefined
  return idealShare({ service, times, patienceMs: MAX_DELAY_MS })
}

/** A run is also unreliable if a measurement with which it is compared is unreliable. */
function reasonOf (what, measured) {
  return measured?.invalid && `${what}: ${measured.invalid}`
}

/** Repeats a run once if other processes disturbed the client or the server. */
async function reliably (run) {
  const report = await run()
  return report.invalid ? run() : report
}

function costOf ({ framework, protection, connections }) {
  return [framework, protection, connections].join('/')
}

/** Whether the outcome has a ceiling: only if the CPU is the bottleneck and spillway sheds at a constant load. */
function hasCeiling ({ workload, framework, ours, steps, per }) {
  return WITH_COST.includes(framework) && ours && per === 'capacity' && steps.length === 1 && steps[0] > 1 && require(`../workloads/${workload}`).cpu
}

module.exports = { plan, runSweep }
