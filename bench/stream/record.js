'use strict'

const path = require('node:path')

const { listConditions } = require('../conditions')
const { markdown } = require('../overload/table')
const { COUNTED_MS, SERVICE_MS, SETTLE_MS } = require('./auto.js')
const { limit } = require('./contenders.js')
const { ITEMS, ROUNDS } = require('./throughput.js')

const PEERS = ['async', 'p-map', 'fastq', '@henrygd/queue']

/**
 * Both tables as a page of Markdown: where and how they were measured.
 *
 * @param {{ head: string[], rows: string[][] }} throughput
 * @param {{ head: string[], rows: string[][] }} auto
 * @param {string} command
 */
function renderRecord (throughput, auto, command) {
  return `# Streams: what was measured

${listConditions({ command, beside: PEERS.map(version).join(', '), cores: 'one process' })}

## Speed

${ITEMS.toLocaleString('en')} items, limit ${limit}, an async handler that returns at once; the median of ${ROUNDS} rounds in which the
helpers take turns. The last column is the median of the rounds' ratios: above 1, it took longer than spillway's.

${markdown({ ...throughput, notes: [] })}

## The number that 'auto' finds

A downstream that serves so many slots at a time, ${SERVICE_MS} ms each, and the rest in order: 20, then 5, then 20 again. All
run at the same time, each against one of its own. Counted for ${COUNTED_MS / 1000} s, from ${SETTLE_MS / 1000} s after each change. *Limit*: in
flight at most, the mean.

${markdown({ ...auto, notes: [] })}
`
}

function version (name) {
  return `${name} ${require(path.join(__dirname, '..', 'node_modules', name, 'package.json')).version}`
}

module.exports = { renderRecord }
