'use strict'

const { percent, whole } = require('../format')
const { BELOW, IN_TIME_MS, RETRIES, SPIKE } = require('../demonstration/spike')
const { outcomesOf } = require('../overload/section')

const USEFUL_WITHIN = 'within 200 ms'
const PEERS = { none: 'unprotected', 'toobusy-js': 'toobusy-js', 'overload-protection': 'overload-protection', spillway: 'spillway' }

/** The parts of the README that consist of figures, by name. Each is empty if it was not measured. */
const blocks = { demonstration, spike, peers, postgres, neighbours }

/**
 * Replaces the figures in the README. Each part stands between `<!-- figures: NAME -->` and `<!-- end -->`.
 *
 * @param {string} text
 * @param {Record<string, object>} sections that were measured, see store.js
 * @returns {string}
 */
function renderReadme (text, sections) {
  return text.replace(/(<!-- figures: (\w+) -->\n).*?(?=<!-- end -->)/gs, (_, begin, name) => begin + inner(blocks[name](sections)))
}

function inner (part) {
  return part ? `\n${part}\n\n` : ''
}

function demonstration ({ demonstration: section }) {
  if (!section) return ''
  const levels = [...new Set(section.measurements.map(({ level }) => level))]
  const rows = levels.map(each => {
    const [bare, shielded] = [undefined, 'spillway'].map(side =>
      section.measurements.find(({ level, protection }) => level === each && protection === side))
    return [
      whole(bare.perSecond.offered), whole(bare.perSecond.useful), whole(bare.perSecond.failed), duration(bare.okMs.p99),
      whole(shielded.perSecond.useful), whole(shielded.perSecond.refused), duration(shielded.okMs.p99)
    ]
  })
  const failed = section.measurements.filter(({ protection }) => protection).reduce((sum, { perSecond }) => sum + perSecond.failed, 0)
  return `An Express server has a capacity of ${whole(section.capacity)} requests/s. Each request arrives on a new connection and takes 5 ms of CPU
time in five steps. An answer is *useful* if it is a 200 ${USEFUL_WITHIN}. Counts per second; p99 of the 200s:

${table({ head: ['offered', 'without: useful', 'failed', 'p99', 'with spillway: useful', '503s', 'p99'], rows })}
${failed === 0 ? '\nWith spillway, no request failed.' : ''}`.trimEnd()
}

/** @param {number | null} ms */
function duration (ms) {
  if (ms === null) return '-'
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

function spike ({ demonstration: section }) {
  if (!section?.spikes) return ''
  const length = section.spikeMs / 1000
  const last = section.spikes[0].seconds.at(-1).second
  const columns = [
    ['before', second => second < 0],
    [`${length} s of spike`, second => second >= 0 && second < length],
    ...[1, 2, 5].map(n => [`second ${n} after`, second => second === length - 1 + n]),
    [`second ${last - length + 1} after`, second => second === last]
  ].filter(([, wanted]) => section.spikes[0].seconds.some(({ second }) => wanted(second)))
  const rows = section.spikes.map(({ protection, seconds }) => [
    protection ? 'with spillway' : 'without',
    ...columns.map(([, wanted]) => percent(meanOf(seconds.filter(({ second }) => wanted(second)).map(({ share }) => share))))
  ])
  return `An Express server receives ${BELOW} times its capacity, for ${length} s ${SPIKE} times, then ${BELOW} times again. Clients try again, up to
${RETRIES.attempts} times in all. Answered within ${IN_TIME_MS / 1000} s of the first attempt:

${table({ head: ['', ...columns.map(([name]) => name)], rows })}`
}

function meanOf (values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function peers ({ overload }) {
  const find = finder(overload)
  const rows = Object.entries(PEERS).map(([protection, name]) => [name, ...['new', 'kept'].map(connections => {
    const outcome = find(`cpu-steps/express/${protection}/${connections}/6x`)
    if (!outcome) return '-'
    const goodput = outcome.goodput.toFixed(2)
    return protection === 'spillway' ? `${goodput}, p99 ${duration(outcome.report.okMs.p99)}` : goodput
  })]).filter(([, ...cells]) => cells.some(cell => cell !== '-'))
  return rows.length === 0 ? '' : table({ head: ['Express at 6x', 'new connections', 'kept-alive'], rows })
}

function postgres ({ overload }) {
  const find = finder(overload)
  const [bare, shielded] = ['none', 'spillway'].map(protection => find(`postgres/express/${protection}/new/3x`))
  if (!bare || !shielded) return ''
  return `With PostgreSQL behind it (a pool of 10 connections, queries of 20 ms, capacity ${whole(shielded.capacity)} answers/s), at 3 times the
capacity: ${whole(bare.report.perSecond.useful)} useful answers/s without, ${whole(shielded.report.perSecond.useful)} with spillway.`
}

function neighbours ({ overload }) {
  const find = finder(overload)
  const [without, shared] = ['guard', 'guard-by-address'].map(protection => find(`cpu-steps/http/${protection}/kept/5x-poisson-neighbours-by-address`))
  if (!without || !shared) return ''
  return `If one client sends 5 times the capacity and ten others 0.05 times each, ${percent(without.neighboursServed)} of the ten's requests are
served. With [\`fairBy\`](docs/fairness.md), ${percent(shared.neighboursServed)} are.`
}

/** @returns {string} a Markdown table without spaces at its bars, which would count as words */
function table ({ head, rows }) {
  const line = cells => `|${cells.join('|')}|`
  return [line(head), line(head.map((_, i) => i === 0 ? '---' : '--:')), ...rows.map(line)].join('\n')
}

/** @returns {(name: string) => import('../overload/sweep').Outcome | undefined} */
function finder (section) {
  const outcomes = new Map(outcomesOf(section).filter(({ invalid }) => !invalid).map(outcome => [outcome.scenario.name, outcome]))
  return name => outcomes.get(name)
}

module.exports = renderReadme
