'use strict'

const { listConditions } = require('../conditions')
const { whole } = require('../format')
const median = require('../median')
const { BAD_CLIENTS_PER_SECOND, OVERLOAD, PATTERNS, RANDOM_PATHS } = require('./settings')

const MB = 2 ** 20

/**
 * The results as a part of bench/RESULTS.md.
 *
 * @param {import('./index').Slice[]} slices the first is the warm-up
 * @param {{ text: string, passed: boolean }[]} checks
 * @param {number} capacity responses per second
 * @param {string} command
 * @returns {string} Markdown
 */
function renderRecord ([, ...slices], checks, capacity, command) {
  const cores = 'the server on a core of its own'
  const rows = [
    row('useful responses/s', slices.map(({ goodput }) => goodput), 1),
    row('failed requests', slices.map(({ failures }) => sum(failures.new) + sum(failures.kept)), 0),
    row('RSS, MB', slices.map(({ rss }) => rss / MB), 1),
    row('heap used, MB', slices.map(({ heapUsed }) => heapUsed / MB), 1),
    row('open descriptors', slices.map(({ descriptors }) => descriptors), 0)
  ]
  const unreliable = slices.filter(({ invalid }) => invalid !== null).length
  return `# Soak

${listConditions({ command, comparedWith: 'nothing', cores })}

An Express server with \`guard()\`, ${PATTERNS} routes and ${whole(RANDOM_PATHS)} paths has a capacity of ${whole(capacity)} requests/s and receives ${OVERLOAD} times as
many, half of them on new connections. In addition, ${BAD_CLIENTS_PER_SECOND} times per second each, clients abort a request, reset the connection,
pipeline requests, send garbage, send an incomplete head, and request unknown paths. The table covers ${slices.length} slices of
${slices[0].durationMs / 1000} s, after one slice of warm-up.${unreliable > 0 ? ` In ${unreliable} of them, other processes disturbed the measurement.` : ''} Memory is read after a garbage collection.

| per slice | first | lowest | median | highest | last |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

${checks.map(({ text, passed }) => `- ${passed ? 'passed' : '**failed**'}: ${text}`).join('\n')}
`
}

/** @param {string} name @param {number[]} values @param {number} digits */
function row (name, values, digits) {
  const figures = [values[0], Math.min(...values), median(values), Math.max(...values), values.at(-1)]
  return `| ${[name, ...figures.map((figure) => figure.toFixed(digits))].join(' | ')} |`
}

/** @param {Record<string, number>} counts */
function sum (counts) {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}

module.exports = { renderRecord }
