'use strict'

const rows = require('./rows')

const POISSON = ', poisson'
const OURS = ['spillway', 'guard', 'spillway-with-spill', 'guard-without-spill', 'guard-by-address', 'guard-by-header', 'guard-by-priority', 'guard-by-deadline', 'spillway-by-address', 'spillway-by-priority']
/** How long clients wait, as they say in a header. */
const PATIENCE = { 'patience 60 ms': 60, 'patience 150 ms': 150 }
const NEIGHBOURS = { 'neighbours by address': 'address', 'neighbours by header': 'header', 'critical neighbours': 'priority' }

// Connections that overflow the accept queue before the admission controller can react.
const MAX_FAILURES = 0.005

/**
 * One run.
 *
 * @typedef {object} Scenario
 * @property {string} name `workload/framework/protection/connections/load`
 * @property {string} workload
 * @property {string} framework
 * @property {string | undefined} protection
 * @property {boolean} ours whether the protection is spillway's admission controller
 * @property {string} connections see load/index.js
 * @property {string} load as in rows.js
 * @property {number[]} steps of the load; one for a constant load
 * @property {'capacity' | 'second' | 'clients'} per the unit of the steps: multiples of the capacity, requests per second,
 *   or clients of a closed loop
 * @property {'even' | 'poisson'} arrivals
 * @property {'uploads' | 'slower' | undefined} event
 * @property {'address' | 'header' | 'priority' | undefined} neighbours what tells the client apart from ten others
 * @property {number | undefined} patienceMs how long clients wait; a later response is not useful
 * @property {Record<string, number>} reach targets, see targets.js
 *
 * @param {{ quick: boolean, only: string[], arrivals?: 'even' | 'poisson' }} choice a name must match one of `only`, if there
 *   are any, where `*` stands for any text; `arrivals` replaces those of all rows with even ones
 * @param {Set<string>} [done] names to leave out, except where another row is compared with them
 * @returns {Scenario[]} grouped by the capacity that they share, in each group the unprotected servers first
 */
function choose ({ quick, only, arrivals = 'even' }, done = new Set()) {
  const chosen = rows.flatMap(row => expand(row, quick, arrivals))
    .filter(({ name }) => only.length === 0 || only.some(pattern => matches(name, pattern)))
    .filter(({ name }) => !done.has(name))
  const all = new Map(chosen.map(scenario => [scenario.name, scenario]))
  for (const { reach, ...scenario } of chosen) {
    const bare = unprotected(scenario)
    if (reach.p99OfNone && !all.has(bare.name)) all.set(bare.name, bare)
  }
  const groups = new Map()
  for (const each of all.values()) groups.set(groupOf(each), [...groups.get(groupOf(each)) ?? [], each])
  return [...groups.values()].flatMap(group => [
    ...group.filter(({ protection }) => protection === undefined),
    ...group.filter(({ protection }) => protection !== undefined)
  ])
}

function expand ([workload, rowLoad, who, kinds, reach, quickWho], quick, arrivals) {
  const becomesPoisson = arrivals === 'poisson' && unitOf(rowLoad) !== 'clients' && !rowLoad.includes(POISSON)
  const load = becomesPoisson ? rowLoad + POISSON : rowLoad
  return (quick ? quickWho : who).flatMap(name => kinds.map(connections => {
    const [framework, protection] = name.split(' ')
    const limits = OURS.includes(protection) ? { ...reach, failures: MAX_FAILURES } : reach
    return scenario({ workload, framework, protection, connections, load, reach: limits })
  }))
}

function scenario ({ workload, framework, protection, connections, load, reach }) {
  const [steps, ...marks] = load.split(', ')
  return {
    name: [workload, framework, protection, connections, load.replace(/,? /g, '-')].join('/'),
    workload,
    framework,
    protection: protection === 'none' ? undefined : protection,
    ours: OURS.includes(protection),
    connections,
    load,
    steps: steps.replace(' clients', '').split(' ').map(Number.parseFloat),
    per: unitOf(steps),
    arrivals: load.includes(POISSON) ? 'poisson' : 'even',
    event: marks.find(mark => mark !== 'poisson' && !(mark in NEIGHBOURS) && !(mark in PATIENCE)),
    neighbours: NEIGHBOURS[marks.find(mark => mark in NEIGHBOURS)],
    patienceMs: PATIENCE[marks.find(mark => mark in PATIENCE)],
    reach
  }
}

function unitOf (steps) {
  if (steps.endsWith(' clients')) return 'clients'
  return steps.endsWith('/s') ? 'second' : 'capacity'
}

function matches (name, pattern) {
  let from = 0
  return pattern.split('*').every(part => {
    const at = name.indexOf(part, from)
    from = at + part.length
    return at >= 0
  })
}

/** @returns {Scenario} the same run without protection */
function unprotected (protectedScenario) {
  return scenario({ ...protectedScenario, protection: 'none', reach: {} })
}

/** @returns {string} equal for scenarios that share a measured capacity */
function groupOf ({ workload, framework, connections }) {
  return [workload, framework, connections].join('/')
}

module.exports = { choose, groupOf, unprotected }
