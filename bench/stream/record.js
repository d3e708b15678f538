'use strict'

const path = require('node:path')

const { listConditions } = require('../conditions')
const { markdown } = require('../overload/table')
const { COUNTED_MS, SERVICE_MS, SETTLE_MS } = require('./auto.js')
const { limit } = require('./contenders.js')
const { ITEMS } = require('./throughput.js')

const PEERS = ['async', 'p-map', 'fastq', '@henrygd/queue', 'parallel-transform', 'through2-concurrent', 'stream-transform']

/**
 * What was measured as a page of Markdown: where and how, and a table for each part that was run.
 *
 * @typedef {{ head: string[], rows: string[][] }} Table
 * @param {{ throughput?: Table, rounds: number, auto?: Table, command: string }} measured
 */
function renderRecord ({ throughput, rounds, auto, command }) {
  return [
    '# Streams: what was measured',
    listConditions({ command, beside: PEERS.map(version).join(', '), cores: 'one process' }),
    throughput && renderThroughput(throughput, rounds),
    auto && renderAuto(auto)
  ].filter(Boolean).join('\n\n')
}

/**
 * @param {Table} table
 * @param {number} rounds
 */
function renderThroughput (table, rounds) {
  return `## Speed

${ITEMS.toLocaleString('en')} items, limit ${limit}, an async handler that returns at once, or, in the group "a turn each", one that waits for
a turn of the event loop; the median of ${rounds} rounds in which the helpers take turns. The last column is the median of the
rounds' ratios: above 1, it took longer than spillway's. Every run is checked: all items were handled, and all results
came, in the order of the items. stream-transform and through2-concurrent keep that order only because all handlers take
equally long. "PassThrough, no handler" shows what the streams of the pipeline cost by themselves.

${markdown({ ...table, notes: [] })}`
}

/** @param {Table} table */
function renderAuto (table) {
  return `## The number that 'auto' finds

A downstream that serves so many slots at a time, ${SERVICE_MS} ms each, and the rest in order; their number changes. All
run at the same time, each against one of its own. Counted for ${COUNTED_MS / 1000} s, from ${SETTLE_MS / 1000} s after each change. *Limit*: in
flight at most, the mean.

${markdown({ ...table, notes: [] })}
`
}

function version (name) {
  return `${name} ${require(path.join(__dirname, '..', 'node_modules', name, 'package.json')).version}`
}

module.exports = { renderRecord }
