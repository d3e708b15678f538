'use strict'

const { listConditions } = require('../conditions')
const { whole } = require('../format')
const median = require('../median')
const { MISCHIEF_PER_SECOND, OVERLOAD, PATTERNS, RANDOM_PATHS } = require('./settings')

const MB = 2 ** 20

/**
 * What the soak measured, as a part of Markdown.
 *
 * @param {import('./index').Slice[]} slices the first is the warm-up
 * @param {{ text: string, holds: boolean }[]} verdicts
 * @param {number} capacity answers a second
 * @param {string} command
 * @returns {string}
 */
function renderRecord ([, ...slices], verdicts, capacity, command) {
  const cores = 'the server on a core of its own'
  const rows = [
    row('useful answers/s', slices.map(({ goodput }) => goodput), 1),
    row('failures', slices.map(({ failures }) => sum(failures.new) + sum(failures.kept)), 0),
    row('RSS, MB', slices.map(({ rss }) => rss / MB), 1),
    row('heap used, MB', slices.map(({ heapUsed }) => heapUsed / MB), 1),
    row('descriptors', slices.map(({ descriptors }) => descriptors), 0)
  ]
  const distrusted = slices.filter(({ invalid }) => invalid !== null).length
  return `# Hours of overload: what was measured

${listConditions({ command, beside: 'nothing', cores })}

Express under \`guard()\`, ${PATTERNS} routes and ${whole(RANDOM_PATHS)} paths, capacity ${whole(capacity)}/s, offered ${OVERLOAD} times that, half of it on
new connections; beside it ${MISCHIEF_PER_SECOND} times a second each an abort, a reset, pipelined requests, garbage, half a head, and unknown
paths. ${slices.length} slices of ${slices[0].durationMs / 1000} s after one to warm up${distrusted > 0 ? `, of which ${distrusted} not to be trusted, others having taken the machine` : ''}; memory after a collection.

| a slice | first | lowest | median | highest | last |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

${verdicts.map(({ text, holds }) => `- ${holds ? 'holds' : '**fails**'}: ${text}`).join('\n')}
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
