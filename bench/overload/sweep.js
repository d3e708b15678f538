'use strict'

const judge = require('./targets')
const startClient = require('../load')
const { EXPECTED_MS, refusalCostUs } = require('./refusal-cost')
const { expectedCapacityMs, expectedMs, measureCapacity, runScenario } = require('./run')
const { groupOf, unprotected } = require('./scenarios')

/**
 * @typedef {object} Outcome
 * @property {import('./scenarios').Scenario} scenario
 * @property {number} capacity requests per second: what goodput is related to
 * @property {import('../load').Report} report
 * @property {string | null} invalid why it must not be trusted
 * @property {number} goodput useful answers over capacity
 * @property {number} shed share of the requests that were answered 503
 * @property {number} failures share of the requests that failed
 * @property {number} [rho] cost of a refusal over the cost of a request
 * @property {number} [ceiling] of goodput, as refusing costs: (1 - m rho) / (1 - rho) at m times capacity
 * @property {number} [p99OfNone] ms, of the unprotected server in the same run
 * @property {{ text: string, met: boolean }[]} verdicts
 */

/**
 * What will be run, in order: a capacity before each group, the cost of a refusal before the first that needs it.
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
      hasCeiling(scenario) && once(cost) && { kind: 'cost', label: `${cost}: cost of a refusal`, expectedMs: EXPECTED_MS },
      { kind: 'run', label: scenario.name, expectedMs: expectedMs(scenario, settings) }
    ].filter(Boolean).map(step => ({ ...step, scenario }))
  })
}

/**
 * @param {ReturnType<typeof plan>} steps
 * @param {import('./settings').Settings} settings
 * @param {{ begin: (step: object) => void, end: () => void }} progress told of each step
 * @returns {Promise<Outcome[]>}
 */
async function runSweep (steps, settings, progress) {
  const client = startClient()
  const capacities = new Map()
  const costs = new Map()
  const outcomes = new Map()
  const kinds = {
    async capacity (scenario) {
      capacities.set(groupOf(scenario), await trusted(() => measureCapacity(client, scenario, settings)))
    },
    async cost (scenario) {
      costs.set(costOf(scenario), await refusalCostUs(client, scenario))
    },
    async run (scenario) {
      outcomes.set(scenario.name, await outcomeOf(client, scenario, settings, { capacities, costs, outcomes }))
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
  const offeredTo = before?.perSecond.ok
  const related = slower ? await trusted(() => measureCapacity(client, scenario, settings, { slower })) : before
  const report = await trusted(() => runScenario(client, scenario, offeredTo, settings))
  const capacity = related?.perSecond.ok
  const beside = scenario.reach.p99OfNone && outcomes.get(unprotected(scenario).name)
  const costUs = hasCeiling(scenario) ? costs.get(costOf(scenario)) : undefined
  const rho = costUs && costUs * capacity / 1e6
  const outcome = {
    scenario,
    capacity,
    report,
    invalid: report.invalid ?? besides('capacity', related) ?? besides('unprotected', beside) ?? null,
    goodput: report.perSecond.useful / capacity,
    shed: report.refused / report.offered,
    failures: report.failed / report.offered,
    rho,
    ceiling: rho && (1 - scenario.steps[0] * rho) / (1 - rho),
    p99OfNone: beside?.report.okMs.p99
  }
  return { ...outcome, verdicts: judge(scenario.reach, outcome) }
}

/** What a run is compared with must be trusted too. */
function besides (what, measured) {
  return measured?.invalid && `${what}: ${measured.invalid}`
}

/** Once more where client or server was disturbed. */
async function trusted (run) {
  const report = await run()
  return report.invalid ? run() : report
}

function costOf ({ framework, protection, connections }) {
  return [framework, protection, connections].join('/')
}

/** The ceiling is that of a CPU; where this package does not refuse, there is nothing to ask for the cost. */
function hasCeiling ({ workload, ours, steps }) {
  return ours && steps.length === 1 && steps[0] > 1 && require(`../workloads/${workload}`).cpu
}

module.exports = { plan, runSweep }
