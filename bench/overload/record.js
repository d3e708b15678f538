'use strict'

const { canPin } = require('../child/cores')
const { listConditions } = require('../conditions')
const { markdown, tabulate } = require('./table')
const { peerVersions } = require('./peers')

const FRAMEWORKS = ['express', 'fastify', '@hapi/hapi', 'koa']

/**
 * The results as a part of bench/RESULTS.md: the conditions, and a table.
 *
 * @param {import('./sweep').Outcome[]} outcomes
 * @param {import('./settings').Settings} settings
 * @param {string} command
 * @returns {string} Markdown
 */
function renderRecord (outcomes, settings, command) {
  return `# Overload

${listConditions(runOf(command))}

The client is an open loop: it starts requests at scheduled times, measures latency from the scheduled start, and gives up
after ${settings.timeoutMs / 1000} s. Each row runs on a fresh server and counts ${settings.durationMs / 1000} s, after ${settings.warmupMs / 1000} s at the same load. The load is a
multiple of the capacity of the unprotected server, which a closed loop measures in the same run. Runs with unequal requests
are six times as long. "poisson" means Poisson arrivals; otherwise requests arrive at equal intervals. In the rows of the workload
\`hello\`, clients of a closed loop load a server that has just started.

- *Workload* and *protection* are files in bench/workloads and bench/protections: \`spillway\` is the middleware or plugin,
  \`guard\` is \`guard()\`, and \`none\` is the unprotected server.
- *Goodput*: 200 responses within 200 ms (within 400 ms for the slowed pool), relative to capacity.
- *Served*: the share of the requests with a 200 response. *Ideal*: the share that an ideal server would serve, which refuses
  only requests that have waited longer than 100 ms when their turn comes, at no cost.
- *Ceiling*: the goodput that the cost of shedding allows, (1 - mρ)/(1 - ρ) at m times capacity, where ρ is the CPU time of
  a 503 response relative to that of a request. A 503 is measured while all requests are shed, which overestimates its
  cost, so the ceiling is low. It assumes that JavaScript sends the 503; the spill can exceed it.
- Targets that were missed are **bold**.

${markdown(tabulate(outcomes))}
`
}

/** @returns {import('../conditions').Run} */
function runOf (command) {
  const frameworks = FRAMEWORKS.map(name => `${name} ${require(`${name}/package.json`).version}`)
  return {
    command,
    comparedWith: [...frameworks, peerVersions()].filter(Boolean).join(', '),
    cores: `server and client ${canPin() ? 'each on a core of its own' : 'not pinned to cores'}`
  }
}

module.exports = { renderRecord, runOf }
