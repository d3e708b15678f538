'use strict'

const { execFileSync } = require('node:child_process')

const { canPin } = require('../child/cores')
const { machine, now } = require('../machine')
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

${conditions(command).map(([name, value]) => `- ${name}: ${value}`).join('\n')}

Open loop: requests start on a clock, latency counts from the intended start, the client gives up after
${settings.timeoutMs / 1000} s. Each row counts ${settings.durationMs / 1000} s on a fresh server, after
${settings.warmupMs / 1000} s at the same load. Load is in multiples of the capacity of the unprotected server, measured in
the same run by a closed loop. *Goodput*: answers 200 within 200 ms (of the slowed pool: 400 ms) over that capacity.
*Ceiling*: (1 - mρ)/(1 - ρ) at m times capacity, ρ the CPU time of a refusal, measured while all is refused (rather high, and the
ceiling low), over that of a request. What was not reached is **bold**.

${markdown(tabulate(outcomes))}
`
}

/** @returns {[string, string][]} where it was measured */
function conditions (command) {
  const frameworks = FRAMEWORKS.map(name => `${name} ${require(`${name}/package.json`).version}`)
  return [
    ['machine', `${machine()}; server and client ${canPin() ? 'each on a core of its own' : 'not pinned to cores'}`],
    ['date', now()],
    ['Node.js', process.versions.node],
    ['spillway', revision()],
    ['beside', [...frameworks, peerVersions()].filter(Boolean).join(', ')],
    ['command', `\`${command}\``]
  ]
}

function revision () {
  const { version } = require('../../package.json')
  try {
    const git = args => execFileSync('git', args, { cwd: __dirname, encoding: 'utf8', stdio: 'pipe' }).trim()
    return `${version}, commit ${git(['rev-parse', '--short', 'HEAD'])}${git(['status', '--porcelain']) ? ', changed' : ''}`
  } catch {
    return version
  }
}

module.exports = { renderRecord, conditions }
