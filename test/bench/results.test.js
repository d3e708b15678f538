'use strict'

const assert = require('node:assert/strict')

const reasons = require('../../bench/results/reasons')
const renderDocument = require('../../bench/results/document')
const renderReadme = require('../../bench/results/readme')
const { cellOf, missesOf, parsePart, renderPart } = require('../../bench/results/part')
const { readSections } = require('../../bench/results/store')
const { choose } = require('../../bench/overload/scenarios')
const { merge, namesDone, outcomesOf } = require('../../bench/overload/section')

const ROW = 'cpu-steps/http/guard/new/34x'
const scenarios = new Map(choose({ quick: false, only: [] }).map(scenario => [scenario.name, scenario]))

const conditions = (commit) => ({ date: `2026-01-01 of ${commit}`, spillway: `0.1.0, commit ${commit}`, command: '`npm run bench`', counted: '10 s, after 1 s' })

function outcome (name, goodput, more = {}) {
  const report = { okMs: { p50: 20, p99: 40 }, refusedMs: { p99: 10 }, perSecond: { useful: goodput * 100 } }
  return { scenario: scenarios.get(name), capacity: 100, goodput, served: 0.5, shed: 0.5, failures: 0, invalid: null, report, ...more }
}

describe('a part of the results that a bench wrote as Markdown', () => {
  const part = '# Cost\n\n- machine: a: b\n- spillway: 0.1.0, commit abc1234\n\nText.\n\n## Calls\n\n| call | of | ns |\n| --- | --- | --- |\n| a | b | 1 |\n| a | c | 2 |'

  it('keeps its heading, conditions and text', () => {
    assert.deepEqual(parsePart(part).conditions, { machine: 'a: b', spillway: '0.1.0, commit abc1234' })
    assert.equal(renderPart(parsePart(`${part}\n`)), part)
  })

  it('has the cells of its tables', () => {
    assert.equal(cellOf(part, ['a', 'c'], 'ns'), '2')
    assert.equal(cellOf(part, ['d'], 'ns'), undefined)
  })

  it('has misses: bold cells, and failed checks', () => {
    const body = '| a | b | with / without | target |\n| --- | --- | --- | --- |\n| one | x | 0.97 | **>= 0.98** |\n| two | x | 0.99 | >= 0.98 |\n' +
      '| three | x | **5** |  |\n\n- passed: 0 descriptors\n- **failed**: RSS grew'
    assert.deepEqual(missesOf({ body }), [
      { row: 'one/x', text: 'a one, b x, with / without 0.97, target >= 0.98' },
      { row: 'three/x', text: 'a three, b x, with / without 5' },
      { row: 'failed', text: 'RSS grew' }
    ])
    assert.match(renderDocument({ soak: { title: 'Soak', conditions: conditions('a'), body } }), /In "Soak":\n\n.*\n.*\n- \*\*RSS grew\*\*\. \*\*No reason/)
  })
})

describe('the results of the overload bench', () => {
  const first = merge(undefined, [outcome(ROW, 0.97), outcome('mix/http/guard/kept/6x', 1)], conditions('aaa'))

  it('keep the rows that a later run did not measure, and the conditions of each run', () => {
    const second = merge(first, [outcome(ROW, 0.98)], conditions('bbb'))
    assert.deepEqual(outcomesOf(second).map(({ scenario, goodput, run }) => [scenario.name, goodput, run]), [
      [ROW, 0.98, '2026-01-01 of bbb, 0.1.0, commit bbb'],
      ['mix/http/guard/kept/6x', 1, '2026-01-01 of aaa, 0.1.0, commit aaa']
    ])
    assert.equal(Object.keys(second.runs).length, 2)
    const third = merge(second, [outcome('mix/http/guard/kept/6x', 1)], conditions('bbb'))
    assert.deepEqual(Object.values(third.runs), [conditions('bbb')])
  })

  it('keep the share of the neighbours that was served', () => {
    const [kept] = outcomesOf(merge(undefined, [outcome(ROW, 0.97, { neighboursServed: 0.99 })], conditions('aaa')))
    assert.equal(kept.neighboursServed, 0.99)
  })

  it('keep a reliable outcome instead of an unreliable one, which is to be measured again', () => {
    const late = outcome(ROW, 0.2, { invalid: 'the client was late' })
    const [kept] = outcomesOf(merge(first, [late], conditions('bbb')))
    assert.deepEqual([kept.goodput, kept.run], [0.97, '2026-01-01 of aaa, 0.1.0, commit aaa'])
    const [taken] = outcomesOf(merge(undefined, [late], conditions('bbb')))
    assert.equal(taken.invalid, 'the client was late')
    assert.deepEqual([...namesDone(first, conditions('aaa'))].sort(), [ROW, 'mix/http/guard/kept/6x'])
    assert.equal(namesDone(first, conditions('bbb')).size, 0)
    assert.equal(namesDone(merge(undefined, [late], conditions('bbb')), conditions('bbb')).size, 0)
  })

  it('leave out rows that no longer exist', () => {
    const gone = { ...first, outcomes: [...first.outcomes, { ...first.outcomes[0], name: 'gone' }] }
    assert.equal(outcomesOf(gone).length, 2)
    assert.equal(merge(gone, [], conditions('bbb')).outcomes.length, 2)
  })
})

describe('the document of results', () => {
  const section = (...outcomes) => merge(undefined, outcomes, conditions('aaa'))
  const soak = { title: 'Soak', conditions: conditions('bbb'), body: 'An hour.' }

  it('says first if its figures are of different commits', () => {
    const text = renderDocument({ overload: section(outcome(ROW, 0.97)), soak })
    assert.match(text.slice(0, text.indexOf('## ')), /\*\*These figures are of 2 different commits\..*- aaa: 1 rows of "Overload"\n> - bbb: "Soak"/s)
    assert.doesNotMatch(renderDocument({ soak }), /different commits/)
  })

  it('has the figures that were measured, and no others', () => {
    const text = renderDocument({ overload: section(outcome(ROW, 0.971)) })
    assert.match(text, /at 34 times the capacity \| 0\.97 \| {2}\|/)
    assert.doesNotMatch(text, /PostgreSQL|garbage|after a spike|hello world on|# Streams/)
  })

  it('has each miss in bold, with its reason', () => {
    const overload = section(outcome(ROW, 0.5), outcome('cpu-steps/http/guard/new/20x', 0.98))
    const own = { ...reasons }
    try {
      delete reasons[ROW]
      assert.match(renderDocument({ overload }), /Of 2 rows with targets, 1 missed one\.\n\n- \*\*`cpu-steps\/http\/guard\/new\/34x`: goodput >= 0\.95.*\*\*No reason is known yet/)
      reasons[ROW] = 'Because of this.'
      assert.match(renderDocument({ overload }), /- \*\*`cpu-steps\/http\/guard\/new\/34x`: .*\. Because of this\./)
    } finally {
      delete reasons[ROW]
      Object.assign(reasons, own)
    }
  })

  it('does not count an unreliable row as a miss', () => {
    const text = renderDocument({ overload: section(outcome(ROW, 0.5, { invalid: 'the client was late' })) })
    assert.match(text, /0 missed one, and 1 are unreliable\./)
    assert.match(text, /unreliable: cpu-steps\/http\/guard\/new\/34x: the client was late/)
  })

  it('has reasons only for rows that exist', () => {
    const others = Object.entries(readSections()).filter(([name]) => name !== 'overload')
      .flatMap(([name, section]) => missesOf(section).map(({ row }) => `${name}/${row}`))
    assert.deepEqual(Object.keys(reasons).filter(name => !scenarios.has(name) && !others.includes(name)), [])
  })
})

describe('the figures in the README', () => {
  const page = 'a\n<!-- figures: peers -->\n\nold\n\n<!-- end -->\nb\n<!-- figures: spike -->\nold\n<!-- end -->\nc'

  it('replace the old ones, and nothing else', () => {
    const overload = merge(undefined, [outcome('cpu-steps/express/spillway/new/6x', 0.9)], conditions('aaa'))
    assert.equal(renderReadme(page, { overload }),
      'a\n<!-- figures: peers -->\n\n|Express at 6x|new connections|kept-alive|\n|---|--:|--:|\n|spillway|0.90, p99 40 ms|-|\n\n<!-- end -->\nb\n' +
      '<!-- figures: spike -->\n<!-- end -->\nc')
  })

  it('are left out if they were not measured, or are unreliable', () => {
    const overload = merge(undefined, [outcome('cpu-steps/express/spillway/new/6x', 0.9, { invalid: 'late' })], conditions('aaa'))
    const empty = 'a\n<!-- figures: peers -->\n<!-- end -->\nb\n<!-- figures: spike -->\n<!-- end -->\nc'
    assert.equal(renderReadme(page, { overload }), empty)
    assert.equal(renderReadme(page, {}), empty)
  })

  it('have the share that was answered in time, second by second', () => {
    const seconds = (...shares) => shares.map((share, i) => ({ second: i - 3, share }))
    const demonstration = {
      spikeMs: 1000,
      measurements: [],
      spikes: [{ seconds: seconds(1, 1, 1, 0.2, 0, 0, 0.1) }, { protection: 'spillway', seconds: seconds(1, 1, 1, 0.4, 0.9, 1, 1) }]
    }
    assert.match(renderReadme(page, { demonstration }), /\|without\|100 %\|20 %\|0 %\|0 %\|.*\n\|with spillway\|100 %\|40 %\|90 %\|100 %\|/)
  })
})
