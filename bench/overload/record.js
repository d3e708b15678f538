'use strict'

const { canPin } = require('../child/cores')
const { conditions } = require('../conditions')
const { markdown, tabulate } = require('./table')
const { packageVersions } = require('./packages')
const { renderConditions } = require('../results/part')

const FRAMEWORKS = ['express', 'fastify', '@hapi/hapi', 'koa', '@grpc/grpc-js']

const METHOD = `The client is an open loop: it starts requests at scheduled times and measures latency from the scheduled start. Each row runs on
a fresh server. The load is a multiple of the capacity of the unprotected server, which a closed loop measures in the same run.
Runs with unequal requests are six times as long. "poisson" means Poisson arrivals; otherwise requests arrive at equal
intervals. In the rows of the workload \`hello\`, clients of a closed loop load a server that has just started.

- *Workload* and *protection* are files in bench/workloads and bench/protections: \`spillway\` is the middleware or plugin,
  \`guard\` is \`guard()\`, and \`none\` is the unprotected server. With \`-by-address\` and \`-by-header\`, they have fair shares;
  with \`-by-priority\`, priorities; with \`-by-deadline\`, deadlines.
- *Goodput*: 200 responses within 200 ms (within 400 ms for the slowed pool), relative to capacity.
- *Served*: the share of the requests with a 200 response. *Neighbours*: the same for ten further clients, each of which sends 0.05
  times the capacity beside the load. The clients are told apart by address or by a header. *Critical* neighbours send critical
  requests, each 0.06 times the capacity; five eighths of the load beside them are normal, the rest background.
- *Patience*: clients say in a header how long they wait; a later response is not useful.
- *Ideal*: the share that an ideal server would serve, which refuses only requests that have waited longer than 100 ms when
  their turn comes, at no cost.
- *Ceiling*: the goodput that the cost of shedding allows, (1 - mρ)/(1 - ρ) at m times capacity, where ρ is the CPU time of
  a 503 response relative to that of a request. A 503 is measured while all requests are shed, which overestimates its
  cost, so the ceiling is low. It assumes that JavaScript sends the 503; the spill can exceed it.
- Targets that were missed are **bold**.`

/**
 * The results as a part of bench/RESULTS.md: the conditions, and a table for each workload.
 *
 * @param {(import('./judge').Judged & { run: string })[]} outcomes
 * @param {Record<string, Record<string, string>>} runs the conditions of each run
 * @returns {string} Markdown
 */
function renderRecord (outcomes, runs) {
  const workloads = [...new Set(outcomes.map(({ scenario }) => scenario.workload))]
  return ['# Overload', renderRuns(outcomes, runs), METHOD, ...workloads.flatMap(workload => [
    `## ${workload}`,
    markdown(tabulate(outcomes.filter(({ scenario }) => scenario.workload === workload)))
  ])].join('\n\n') + '\n'
}

function renderRuns (outcomes, runs) {
  const all = Object.entries(runs)
  if (all.length === 1) return renderConditions(all[0][1])
  return ['The rows are from several runs:', ...all.map(([id, conditions]) => {
    const names = outcomes.filter(({ run }) => run === id).map(({ scenario }) => `\`${scenario.name}\``)
    return `${renderConditions(conditions)}\n- rows: ${names.join(', ')}`
  })].join('\n\n')
}

/**
 * @param {import('./settings').Settings} settings
 * @param {string} command
 * @returns {Record<string, string>}
 */
function conditionsOf ({ durationMs, warmupMs, timeoutMs }, command) {
  const counted = `${durationMs / 1000} s, after ${warmupMs / 1000} s at the same load; the client gives up after ${timeoutMs / 1000} s`
  return { ...Object.fromEntries(conditions(runOf(command))), counted }
}

/** @returns {import('../conditions').Run} */
function runOf (command) {
  const frameworks = FRAMEWORKS.map(name => `${name} ${require(`${name}/package.json`).version}`)
  return {
    command,
    comparedWith: [...frameworks, packageVersions()].filter(Boolean).join(', '),
    cores: `server and client ${canPin() ? 'each on a core of its own' : 'not pinned to cores'}`
  }
}

module.exports = { conditionsOf, renderRecord, runOf }
