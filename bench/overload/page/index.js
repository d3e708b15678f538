'use strict'

const fs = require('node:fs')
const path = require('node:path')

const page = require('../../page')
const { conditions } = require('../../conditions')
const { runOf } = require('../record')
const { resultOf, tabulate } = require('../table')

const CHARTS = fs.readFileSync(path.join(__dirname, 'charts.js'), 'utf8')

/**
 * Renders the results as an HTML page with charts. It loads nothing, so it can be read without a network.
 *
 * @param {import('../sweep').Outcome[]} outcomes
 * @param {import('../settings').Settings} settings
 * @param {string} command
 * @returns {string}
 */
function renderPage (outcomes, settings, command) {
  const graphs = [...againstLoad(outcomes), ...againstTime(outcomes)]
  const results = outcomes.map(({ checks, invalid }) => resultOf(checks, invalid))
  const count = result => results.filter(each => each === result).length
  return page.renderPage({
    title: 'spillway: overload benchmark',
    data: { graphs },
    charts: CHARTS,
    body: `<h1>spillway: overload benchmark</h1>
<p class="lead">${outcomes.length} runs of ${settings.durationMs / 1000} s. Of those that have targets,
  ${count('pass')} met all of them, ${count('miss')} missed at least one, and ${count('invalid')} were unreliable.</p>

<section class="charts">
  ${graphs.map(({ id, title, text, timeline }) => page.figure(id, title, text, timeline ? 'time' : 'offered load')).join('\n  ')}
</section>

<h2>Results</h2>
${page.renderTable(plain(tabulate(outcomes)))}

<h2>Conditions</h2>
${conditions(runOf(command)).map(([name, value]) => `<p><b>${name}:</b> ${page.escape(value.replaceAll('`', ''))}</p>`).join('\n')}`
  })
}

/** Two charts, goodput and p99 latency, for each workload and kind of connection. */
function againstLoad (outcomes) {
  const constant = outcomes.filter(({ scenario: { per, steps, event } }) => per === 'capacity' && steps.length === 1 && !event)
  const groups = grouped(constant, ({ scenario: { workload, connections } }) => `${workload}, ${kindOf(connections)}`)
  return [...groups].flatMap(([title, group], i) => {
    const lines = [...grouped(group, ({ scenario: { framework, protection } }) => `${framework}, ${protection ?? 'none'}`)]
    const points = value => lines.map(([label, of]) => ({ label, points: of.map(outcome => value(outcome)).toSorted((a, b) => a.x - b.x) }))
    return [
      {
        id: `goodput-${i}`,
        title,
        text: 'Goodput: 200 responses within the time limit, relative to capacity.',
        unit: 'goodput',
        lines: [...points(({ scenario, goodput }) => ({ x: scenario.steps[0], y: goodput })), ...idealLine(group)]
      },
      {
        id: `p99-${i}`,
        title,
        text: 'p99 latency of the 200 responses. A missing point means that there were none.',
        unit: 'p99 latency, ms',
        logarithmic: true,
        lines: points(({ scenario, report }) => ({ x: scenario.steps[0], y: report.okMs.p99 }))
      }
    ]
  })
}

/** The goodput of the ideal server, where it is known. */
function idealLine (group) {
  const ideals = new Map(group.filter(({ ideal }) => ideal !== undefined).map(({ scenario, ideal }) => [scenario.steps[0], ideal]))
  const points = [...ideals].map(([times, ideal]) => ({ x: times, y: times * ideal })).toSorted((a, b) => a.x - b.x)
  return points.length > 0 ? [{ label: 'ideal server', points }] : []
}

/** A chart for each run whose load changes in steps. */
function againstTime (outcomes) {
  return outcomes.filter(({ report }) => report.timeline).map(({ scenario, report: { timeline } }, i) => {
    const series = value => timeline.bins.map((bin, n) => ({ x: n * timeline.binMs / 1000, y: value(bin) }))
    const perSecond = name => series(bin => bin[name] * 1000 / timeline.binMs)
    return {
      id: `steps-${i}`,
      title: `${scenario.workload}, ${scenario.framework}, ${scenario.protection ?? 'none'}, ${kindOf(scenario.connections)}`,
      text: `${scenario.load}, by the scheduled start of the requests`,
      unit: 'responses/s, or ms',
      timeline: true,
      lines: [
        { label: 'useful', points: perSecond('useful') },
        { label: '503s', points: perSecond('refused') },
        { label: 'failures', points: perSecond('failed') },
        { label: 'p99 latency, ms', points: series(({ p99 }) => p99) }
      ]
    }
  })
}

/** Removes the table's Markdown. */
function plain ({ head, rows, notes }) {
  const strip = text => page.escape(text.replace(/\*\*|\\/g, ''))
  return { head, rows: rows.map(cells => cells.map(strip)), notes: notes.map(strip) }
}

/** @param {'new' | 'kept'} connections */
function kindOf (connections) {
  return connections === 'kept' ? 'kept-alive connections' : 'new connections'
}

function grouped (items, keyOf) {
  const groups = new Map()
  for (const item of items) groups.set(keyOf(item), [...groups.get(keyOf(item)) ?? [], item])
  return groups
}

module.exports = renderPage
