'use strict'

const { whole } = require('../format')

const columns = [
  ['workload', ({ scenario }) => scenario.workload],
  ['framework', ({ scenario }) => scenario.framework],
  ['protection', ({ scenario }) => scenario.protection ?? 'none'],
  ['connections', ({ scenario }) => scenario.connections],
  ['load', ({ scenario, invalid }) => `${scenario.load}${invalid ? ' \\*' : ''}`],
  ['capacity/s', ({ capacity }) => whole(capacity ?? null)],
  ['goodput', ({ goodput }) => ratio(goodput)],
  ['served', ({ served }) => served?.toFixed(3) ?? '-'],
  ['neighbours', ({ neighboursServed }) => neighboursServed?.toFixed(3) ?? '-'],
  ['ideal', ({ ideal }) => ideal?.toFixed(3) ?? '-'],
  ['ceiling', ({ ceiling }) => ratio(ceiling)],
  ['p50 ms', ({ report }) => whole(report.okMs.p50)],
  ['p99 ms', ({ report }) => whole(report.okMs.p99)],
  ['503 p99 ms', ({ report }) => whole(report.refusedMs.p99)],
  ['failures %', ({ failures }) => share(failures)],
  ['shed %', ({ shed }) => share(shed)],
  ['targets', ({ checks }) => checks.map(({ text, met }) => met ? text : `**${text}**`).join('; ')],
  ['result', ({ checks, invalid }) => resultOf(checks, invalid)]
]

/**
 * @param {import('./sweep').Outcome[]} outcomes
 * @returns {{ head: string[], rows: string[][], notes: string[] }}
 */
function tabulate (outcomes) {
  return {
    head: columns.map(([title]) => title),
    rows: outcomes.map(outcome => columns.map(([, cell]) => cell(outcome))),
    notes: outcomes.filter(({ invalid }) => invalid)
      .map(({ scenario, invalid }) => `\\* unreliable: ${scenario.name}: ${invalid}`)
  }
}

/** @returns {string} the table in Markdown */
function markdown ({ head, rows, notes }) {
  const line = cells => `| ${cells.join(' | ')} |`
  const table = [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
  return [table, ...notes].join('\n\n')
}

function resultOf (checks, invalid) {
  if (checks.length === 0) return ''
  if (invalid) return 'invalid'
  return checks.every(({ met }) => met) ? 'pass' : 'miss'
}

function ratio (value) {
  return Number.isFinite(value) ? value.toFixed(2) : '-'
}

function share (value) {
  return value === 0 ? '0' : (value * 100).toFixed(2)
}

module.exports = { tabulate, markdown, resultOf }
