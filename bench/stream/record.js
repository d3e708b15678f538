'use strict'

const path = require('node:path')

const { listConditions } = require('../conditions')
const { markdown } = require('../overload/table')
const { COUNTED_MS, SERVICE_MS, SETTLE_MS } = require('./auto.js')
const { limit } = require('./contenders.js')
const { ITEMS } = require('./throughput.js')

const PEERS = ['async', 'p-map', 'fastq', '@henrygd/queue', 'parallel-transform', 'through2-concurrent', 'stream-transform']

/**
 * The results as a part of bench/RESULTS.md: the conditions, and a table for each part that was run.
 *
 * @typedef {{ head: string[], rows: string[][] }} Table
 * @param {{ throughput?: Table, rounds: number, auto?: Table, command: string }} measured
 */
function renderRecord ({ throughput, rounds, auto, command }) {
  return [
    '# Streams',
    listConditions({ command, comparedWith: PEERS.map(version).join(', '), cores: 'one process' }),
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

Each function handles ${ITEMS.toLocaleString('en')} items with concurrency ${limit}. The handler is async and returns immediately; in the group
"one turn per item", it waits for a turn of the event loop. Figures are medians of ${rounds} alternating rounds. The last column
is the median of the rounds' ratios to spillway's time; above 1 means slower than spillway. Each run checks that
all items were handled, and that all results arrived in the order of the items. stream-transform and through2-concurrent
keep that order only because all handlers take equally long. "PassThrough, no handler" shows the cost of the pipeline's
streams.

${markdown({ ...table, notes: [] })}`
}

/** @param {Table} table */
function renderAuto (table) {
  return `## The limit that 'auto' finds

The downstream serves as many requests at a time as it has slots, for ${SERVICE_MS} ms each, and queues the others. The number of
slots changes from group to group. All streams run at the same time, each against a downstream of its own. Figures cover
${COUNTED_MS / 1000} s, from ${SETTLE_MS / 1000} s after each change. *Limit* is the mean concurrency limit.

${markdown({ ...table, notes: [] })}
`
}

function version (name) {
  return `${name} ${require(path.join(__dirname, '..', 'node_modules', name, 'package.json')).version}`
}

module.exports = { renderRecord }
