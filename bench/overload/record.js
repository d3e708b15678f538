'use strict'

const { canPin } = require('../child/cores')
const { listConditions } = require('../conditions')
const { markdown, tabulate } = require('./table')
const { peerVersions } = require('./peers')

const FRAMEWORKS = ['express', 'fastify', '@hapi/hapi', 'koa']

/**
 * The sweep as a page of Markdown: where and how it was measured, and the table.
 *
 * @param {import('./sweep').Outcome[]} outcomes
 * @param {import('./settings').Settings} settings
 * @param {string} command
 * @returns {string}
 */
function renderRecord (outcomes, settings, command) {
  return `# Under overload: what was measured

${listConditions(runOf(command))}

Open loop: requests start on a clock, latency counts from the intended start, the client gives up after
${settings.timeoutMs / 1000} s. Each row counts ${settings.durationMs / 1000} s on a fresh server, after
${settings.warmupMs / 1000} s at the same load. Load is in multiples of the capacity of the unprotected server, measured in
the same run by a closed loop. *Goodput*: answers 200 within 200 ms (of the slowed pool: 400 ms) over that capacity.
*Ceiling*: (1 - mρ)/(1 - ρ) at m times capacity, ρ the CPU time of a refusal, measured while all is refused (rather high, and the
ceiling low), over that of a request: refused in JavaScript, so that the spill exceeds it. What was not reached is **bold**.

${markdown(tabulate(outcomes))}
`
}

/** @returns {import('../conditions').Run} */
function runOf (command) {
  const frameworks = FRAMEWORKS.map(name => `${name} ${require(`${name}/package.json`).version}`)
  return {
    command,
    beside: [...frameworks, peerVersions()].filter(Boolean).join(', '),
    cores: `server and client ${canPin() ? 'each on a core of its own' : 'not pinned to cores'}`
  }
}

module.exports = { renderRecord, runOf }
