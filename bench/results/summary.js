'use strict'

const { cellOf, commitOf, missesOf } = require('./part')
const { markdown } = require('../overload/table')
const { percent } = require('../format')
const reasons = require('./reasons')

/**
 * The figures that matter: what it is, and its value from the rows of the overload bench or from another section, beside which
 * another value may stand. One that was not measured is left out.
 *
 * @type {[what: string, value: (find: (name: string) => object, sections: object) => (string | undefined)[]][]}
 */
const FIGURES = [
  ['Goodput of Express at 6 times the capacity, new connections',
    find => [ratio(find('cpu-steps/express/spillway/new/6x').goodput), `unprotected: ${ratio(find('cpu-steps/express/none/new/6x').goodput)}`]],
  ['Goodput of `http` with `guard()` at 34 times the capacity', find => [ratio(find('cpu-steps/http/guard/new/34x').goodput)]],
  ['Refused there at 0.9 times the capacity', find => [share(find('cpu-steps/http/guard/new/0.9x').shed)]],
  ['Served at 0.7 times the capacity, if 95 % of the requests take 1 ms and 5 % take 80 ms',
    find => besideIdeal(find('unequal/http/guard/new/0.7x-poisson'))],
  ['The same at 6 times the capacity', find => besideIdeal(find('unequal/http/guard/new/6x-poisson'))],
  ['Refused at half the capacity, if garbage collections pause for up to 200 ms',
    find => [share(find('gc/http/guard/new/0.5x').shed), `unprotected: p99 ${Math.round(find('gc/http/none/new/0.5x').report.okMs.p99)} ms`]],
  ['Goodput with PostgreSQL and a pool of 10, at 3 times the capacity',
    find => [ratio(find('postgres/express/spillway/new/3x').goodput), `unprotected: ${ratio(find('postgres/express/none/new/3x').goodput)}`]],
  ['Answered in time after a spike, if clients try again',
    (find, { demonstration }) => [percent(afterSpike(demonstration, 'spillway')), `unprotected: ${percent(afterSpike(demonstration, undefined))}`]],
  ['Last 503 after the load has fallen from 6 times the capacity to the capacity',
    find => [`${Math.round(find('cpu-steps/http/guard/new/1x-6x-1x').report.timeline.phases.at(-1).lastRefusedMs)} ms`]],
  ['Throughput of a hello world on `http` with `guard()`, without overload',
    (find, { cost }) => [cellOf(cost.body, ['http', 'guard'], 'with / without'), 'unprotected: 1']]
]

const UNKNOWN = '**No reason is known yet.**'

const MISSING = new Error('not measured')

/** The share that is answered in time, in the mean of the seconds after the spike. */
function afterSpike ({ spikes, spikeMs }, protection) {
  if (!spikes) throw MISSING
  const { seconds } = spikes.find(spike => (spike.protection ?? undefined) === protection)
  const after = seconds.filter(({ second }) => second >= spikeMs / 1000)
  return after.reduce((sum, { share }) => sum + share, 0) / after.length
}

/**
 * The first page of the document: what was measured, the figures that matter, and the misses.
 *
 * @param {Record<string, object>} sections
 * @param {(import('../overload/judge').Judged & { run: string })[]} outcomes
 * @returns {string} Markdown
 */
function renderSummary (sections, outcomes) {
  const commits = commitsOf(sections)
  return [
    '# Results',
    'How spillway behaves under overload, beside unprotected servers and other packages, and what it costs without overload. ' +
      '`npm run bench:results` renders this page from the measurements in bench/results.',
    commits.size > 1 && renderCommits(commits),
    '## Figures that matter',
    markdown({ head: ['what', 'measured', 'beside'], rows: figures(sections, outcomes), notes: [] }),
    'Goodput is the rate of useful answers (200s within 200 ms), relative to capacity. Capacity is what the unprotected server answers in a closed loop.',
    '## Misses',
    renderMisses(outcomes),
    ...renderOtherMisses(sections)
  ].filter(Boolean).join('\n\n')
}

function figures (sections, outcomes) {
  const byName = new Map(outcomes.map(outcome => [outcome.scenario.name, outcome]))
  return FIGURES.flatMap(([what, value]) => {
    const find = name => {
      if (!byName.has(name)) throw MISSING
      return byName.get(name)
    }
    const of = new Proxy(sections, {
      get (target, name) {
        if (!(name in target)) throw MISSING
        return target[name]
      }
    })
    try {
      const [measured, beside = ''] = value(find, of)
      return measured === undefined ? [] : [[what, measured, beside]]
    } catch (error) {
      if (error !== MISSING) throw error
      return []
    }
  })
}

/** @returns {Map<string, string[]>} what was measured of each commit */
function commitsOf ({ overload, ...others }) {
  const commits = new Map()
  const add = (conditions, what) => commits.set(commitOf(conditions), [...commits.get(commitOf(conditions)) ?? [], what])
  for (const [run, conditions] of Object.entries(overload?.runs ?? {})) {
    const { length } = overload.outcomes.filter(outcome => outcome.run === run)
    add(conditions, `${length} rows of "Overload"`)
  }
  for (const { title, conditions } of Object.values(others)) add(conditions, `"${title}"`)
  return commits
}

function renderCommits (commits) {
  const list = [...commits].map(([commit, what]) => `> - ${commit}: ${what.join(', ')}`)
  return [`> **These figures are of ${commits.size} different commits. Do not compare them with each other.**`, '>', ...list].join('\n')
}

function renderMisses (outcomes) {
  const missed = outcomes.filter(({ checks, invalid }) => !invalid && checks.some(({ met }) => !met))
  const judged = outcomes.filter(({ checks }) => checks.length > 0)
  const unreliable = judged.filter(({ invalid }) => invalid).length
  const head = `Of ${judged.length} rows with targets, ${missed.length} missed one${unreliable > 0 ? `, and ${unreliable} are unreliable` : ''}.`
  return [head, '', ...missed.map(({ scenario, checks, ...figures }) => {
    const texts = checks.filter(({ met }) => !met).map(({ text }) => text).join('; ')
    const measured = `goodput ${ratio(figures.goodput)}, served ${figures.served.toFixed(3)}, refused ${share(figures.shed)}, p99 ${Math.round(figures.report.okMs.p99)} ms`
    return `- **\`${scenario.name}\`: ${texts}** (${measured}). ${reasons[scenario.name] ?? UNKNOWN}`
  })].join('\n')
}

function renderOtherMisses ({ overload, ...others }) {
  return Object.entries(others).flatMap(([name, section]) => {
    const missed = missesOf(section)
    if (missed.length === 0) return []
    const list = missed.map(({ row, text }) => `- **${text}**. ${reasons[`${name}/${row}`] ?? UNKNOWN}`)
    return [`In "${section.title}":`, list.join('\n')]
  })
}

function ratio (value) {
  return Number.isFinite(value) ? value.toFixed(2) : '-'
}

function share (value) {
  return value === 0 ? '0' : `${(100 * value).toFixed(1)} %`
}

function besideIdeal ({ served, ideal }) {
  return [served.toFixed(3), `ideal server: ${ideal.toFixed(3)}`]
}

module.exports = { afterSpike, renderSummary }
