'use strict'

const { percent, rate, whole } = require('../format')

const columns = [
  ['protection', ({ protection }) => protection ?? 'none'],
  ['load', ({ level, report }) => `${level} x${report.invalid ? ' *' : ''}`],
  ['offered/s', ({ report }) => rate(report.perSecond.offered)],
  ['useful/s', ({ report }) => rate(report.perSecond.useful)],
  ['of capacity', ({ report }, capacity) => percent(report.perSecond.useful / capacity)],
  ['503/s', ({ report }) => rate(report.perSecond.refused)],
  ['failures/s', ({ report }) => rate(report.perSecond.failed)],
  ['p50 ms', ({ report }) => whole(report.okMs.p50)],
  ['p99 ms', ({ report }) => whole(report.okMs.p99)],
  ['503 p99 ms', ({ report }) => whole(report.refusedMs.p99)]
]

/**
 * The measurements as a table of text.
 *
 * @param {import('./experiment').Result} result
 * @returns {{ head: string[], rows: string[][], notes: string[] }}
 */
function tabulate ({ capacity, capacityInvalid, measurements }) {
  return {
    head: columns.map(([title]) => title),
    rows: measurements.map(measurement => columns.map(([, cell]) => cell(measurement, capacity))),
    notes: [
      ['capacity', capacityInvalid],
      ...measurements.map(({ protection, level, report }) => [`${protection ?? 'none'}, ${level} x`, report.invalid])
    ].filter(([, reason]) => reason).map(([what, reason]) => `* unreliable: ${what}: ${reason}`)
  }
}

/** @returns {string} the table, aligned for a terminal */
function printable ({ head, rows, notes }) {
  const lines = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...lines.map(cells => cells[column].length)))
  const aligned = lines.map(cells => cells.map((cell, column) =>
    column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])).join('  '))
  return [...aligned, ...notes].join('\n')
}

module.exports = { tabulate, printable }
