'use strict'

const { canPin } = require('../child/cores')
const { listConditions } = require('../conditions')
const { whole } = require('../format')

/**
 * What the bench measured, as a part of Markdown.
 *
 * @param {{ throughput: import('./throughput').Throughput[], calls: Record<string, number>,
 *   signals: Record<string, number>, wakeUps: Record<string, number> }} measured ns, and per second
 * @param {{ rounds: number, roundMs: number }} settings
 * @param {string} command
 * @returns {string}
 */
function renderRecord ({ throughput, calls, signals, wakeUps }, { rounds, roundMs }, command) {
  const cores = `server and client ${canPin() ? 'each on a core of its own' : 'not pinned to cores'}`
  const decimals = (figures, digits) => Object.entries(figures).map(([name, value]) => [name, value.toFixed(digits)])
  return `# When nothing is wrong: what was measured

${listConditions({ command, beside: 'nothing', cores })}

A hello-world server over kept-alive connections with the protection over the same without, in ${rounds} alternating rounds
of ${roundMs} ms; the medians of the rounds' ratios. *pass-through* is a middleware, or a hook, that does nothing: what the
framework charges for having one.

${table(['hello world', 'with', 'answers/s without', 'with / without', 'by CPU time', 'to reach', 'refused'],
    throughput.map(({ framework, protection, perSecond, ratio, cpuRatio, atLeast, refused }) =>
      [framework, protection, whole(perSecond), ratio.toFixed(3), cpuRatio.toFixed(3), atLeast === undefined ? '' : `>= ${atLeast}`, whole(refused)]))}

${table(['call', 'ns'], decimals(calls, 1))}

${table(['signal', 'ns'], decimals(signals, 1))}

${table(['idle process', 'wake-ups/s'], decimals(wakeUps, 2))}
`
}

function table (head, rows) {
  const line = cells => `| ${cells.join(' | ')} |`
  return [head, head.map(() => '---'), ...rows].map(line).join('\n')
}

module.exports = { renderRecord }
