'use strict'

const { canPin } = require('../child/cores')
const { listConditions } = require('../conditions')
const { whole } = require('../format')

/**
 * The measurements as a part of bench/RESULTS.md.
 *
 * @param {{ throughput: import('./throughput').Throughput[], calls: Record<string, number[]>,
 *   signals: Record<string, number>, wakeUps: Record<string, number> }} measured calls and signals in
 *   ns, wake-ups per second; calls: of this checkout, and of another if there is one; a part that was not measured is empty
 * @param {{ rounds: number, roundMs: number, callRounds: number }} settings
 * @param {string} command
 * @returns {string} Markdown
 */
function renderRecord ({ throughput, calls, signals, wakeUps }, settings, command) {
  const cores = `server and client ${canPin() ? 'each on a core of its own' : 'not pinned to cores'}`
  return [
    '# Cost without overload',
    listConditions({ command, comparedWith: 'nothing', cores }),
    throughput.length > 0 && renderThroughput(throughput, settings),
    renderCalls(calls, settings),
    renderFigures('Signals', SIGNALS_NOTE, ['signal', 'ns'], signals, 1),
    renderFigures('Idle processes', WAKE_UPS_NOTE, ['idle process', 'wake-ups/s'], wakeUps, 2)
  ].filter(Boolean).join('\n\n')
}

function renderThroughput (throughput, { rounds, roundMs }) {
  return `## Throughput

The throughput of a hello-world server with the protection, relative to the same server without it or with another one. Both are loaded over
kept-alive connections, in ${rounds} alternating rounds of ${roundMs} ms; each ratio is the median of the rounds' ratios.
*CPU time* is the ratio of the CPU times per request, and *CPU µs more* their difference. *pass-through* is a middleware, or
a hook, that does nothing: it shows the cost that the framework itself adds for one. *guard-by-address-and-path* has fair
shares and priorities, and is compared with *guard*. Missed targets are **bold**.

${table(['framework', 'protection', 'compared with', 'responses/s without', 'with / without', 'CPU time', 'CPU µs more', 'target', 'other than 200'],
    throughput.map(({ framework, protection, without = 'none', perSecond, ratio, cpuRatio, extraCpuUs, atLeast, atMostUs, refused }) => [
      framework, protection, without, whole(perSecond), ratio.toFixed(3), cpuRatio.toFixed(3), extraCpuUs.toFixed(2),
      targetOf({ atLeast, atMostUs, ratio, extraCpuUs }), whole(refused)
    ]))}`
}

function targetOf ({ atLeast = 0, atMostUs = Infinity, ratio, extraCpuUs }) {
  const mark = ratio < atLeast || extraCpuUs > atMostUs ? '**' : ''
  if (atLeast > 0) return `${mark}>= ${atLeast}${mark}`
  return atMostUs < Infinity ? `${mark}<= ${atMostUs} µs more${mark}` : ''
}

function renderCalls (calls, { callRounds }) {
  const rows = Object.entries(calls)
  if (rows.length === 0) return ''
  const compared = rows[0][1].length > 1
  const head = ['call', 'ns', ...compared ? ['ns, other checkout', 'ratio'] : []]
  return `## Calls

The time of one call, minus that of an empty loop: the median of about ${callRounds} alternating rounds. The toobusy
functions come first, followed by the native functions that run for each request (\`requestWaitNs()\`, \`wasQueued()\`, the
admission controller's \`enter()\` and \`leave()\`) and for each item of a stream (\`begin()\` and \`end()\`).${compared ? ' Ratios above 1: slower than the other checkout.' : ''}

${table(head, rows.map(([name, ns]) => [name, ...ns.map(each => each.toFixed(1)), ...compared ? [(ns[0] / ns[1]).toFixed(2)] : []]))}`
}

const SIGNALS_NOTE = `The cost of the signals behind the limits on the process. Each signal is read once per sample. Between samples, each
event-loop turn, each garbage collection and each request also has a cost.`

const WAKE_UPS_NOTE = 'How often the system wakes a process that has nothing to do.'

function renderFigures (title, note, head, figures, digits) {
  const rows = Object.entries(figures).map(([name, value]) => [name, value.toFixed(digits)])
  return rows.length > 0 && `## ${title}\n\n${note}\n\n${table(head, rows)}`
}

function table (head, rows) {
  const line = cells => `| ${cells.join(' | ')} |`
  return [head, head.map(() => '---'), ...rows].map(line).join('\n')
}

module.exports = { renderRecord }
