'use strict'

const fs = require('node:fs')
const path = require('node:path')

const page = require('../../page')
const { conditions } = require('../../conditions')
const { runOf } = require('../record')
const { tabulate, verdictOf } = require('../table')

const CHARTS = fs.readFileSync(path.join(__dirname, 'charts.js'), 'utf8')

/**
 * One HTML page with the sweep's graphs, everything inside, readable without a network.
 *
 * @param {import('../sweep').Outcome[]} outcomes
 * @param {import('../settings').Settings} settings
 * @param {string} command
 * @returns {string}
 */
function renderPage (outcomes, settings, command) {
  const graphs = [...againstLoad(outcomes), ...againstTime(outcomes)]
  const counted = outcomes.map(({ verdicts, invalid }) => verdictOf(verdicts, invalid))
  return page.renderPage({
    title: 'spillway: the overload bench',
    data: { graphs },
    charts: CHARTS,
    body: `<h1>The overload bench</h1>
<p class="lead">${outcomes.length} runs of ${settings.durationMs / 1000} s:
  ${['pass', 'miss', 'invalid'].map(verdict => `${counted.filter(each => each === verdict).length} ${verdict}`).join(', ')}.</p>

<section class="charts">
  ${graphs.map(({ id, title, text }) => page.figure(id, title, text)).join('\n  ')}
</section>

<h2>The figures</h2>
${page.renderTable(plain(tabulate(outcomes)))}

<h2>How they were measured</h2>
${conditions(runOf(command)).map(([name, value]) => `<p>${name}: ${page.escape(value)}</p>`).join('\n')}`
  })
}

/** Goodput and p99 of all that were offered the same workload on the same kind of connection. */
function againstLoad (outcomes) {
  const constant = outcomes.filter(({ scenario: { steps, event } }) => steps.length === 1 && !event)
  const groups = grouped(constant, ({ scenario: { workload, connections } }) => `${workload}, ${connections} connections`)
  return [...groups].flatMap(([title, group], i) => {
    const lines = [...grouped(group, ({ scenario: { framework, protection } }) => `${framework}, ${protection ?? 'none'}`)]
    const points = value => lines.map(([label, of]) => ({ label, points: of.map(outcome => value(outcome)).toSorted((a, b) => a.x - b.x) }))
    return [
      {
        id: `goodput-${i}`,
        title,
        text: 'goodput: answers 200 in time, over capacity',
        unit: 'goodput',
        lines: points(({ scenario, goodput }) => ({ x: scenario.steps[0], y: goodput }))
      },
      {
        id: `p99-${i}`,
        title,
        text: 'p99 of the answers 200; no point where there was none',
        unit: 'p99, ms',
        logarithmic: true,
        lines: points(({ scenario, report }) => ({ x: scenario.steps[0], y: report.okMs.p99 }))
      }
    ]
  })
}

/** The timeline of each run in steps. */
function againstTime (outcomes) {
  return outcomes.filter(({ report }) => report.timeline).map(({ scenario, report: { timeline } }, i) => {
    const series = value => timeline.bins.map((bin, n) => ({ x: n * timeline.binMs / 1000, y: value(bin) }))
    const perSecond = name => series(bin => bin[name] * 1000 / timeline.binMs)
    return {
      id: `steps-${i}`,
      title: `${scenario.workload}, ${scenario.framework}, ${scenario.protection ?? 'none'}, ${scenario.connections} connections`,
      text: `${scenario.load}, by the moment the client meant to ask`,
      unit: 'per second',
      timeline: true,
      lines: [
        { label: 'useful', points: perSecond('useful') },
        { label: '503', points: perSecond('refused') },
        { label: 'failures', points: perSecond('failed') },
        { label: 'p99, ms', points: series(({ p99 }) => p99) }
      ]
    }
  })
}

/** The table's emphasis is Markdown's. */
function plain ({ head, rows, notes }) {
  const strip = text => page.escape(text.replace(/\*\*|\\/g, ''))
  return { head, rows: rows.map(cells => cells.map(strip)), notes: notes.map(strip) }
}

function grouped (items, keyOf) {
  const groups = new Map()
  for (const item of items) groups.set(keyOf(item), [...groups.get(keyOf(item)) ?? [], item])
  return groups
}

module.exports = renderPage
