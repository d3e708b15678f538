'use strict'

const assert = require('node:assert/strict')
const { rowsOfNames, section } = require('./markdown.js')
const { gateOptions, optionTables, ownRows } = require('./option-tables.js')

const PAGE = 'docs/options.md'

/** Defaults that are not a single value. */
const IN_WORDS = { spill: 'depends on the adapter' }

/** Where the options of each entry point are described, beside those that all adapters share. */
const SECTIONS = {
  'spillway/express': '## Express and Koa',
  'spillway/koa': '## Express and Koa',
  'spillway/http': '## http, https and http2',
  'spillway/fastify': '## Fastify',
  'spillway/hapi': '## Hapi'
}

const SHARED = ['## Admission', '## The refusal', '## Limits on the process']

/** @param {string} heading */
function described (heading) {
  return Object.fromEntries(rowsOfNames(section(PAGE, heading)).map(([name, takes, shown, errors]) => [name, { takes, shown, errors }]))
}

/** What the page must say about each option. */
function expected (rows) {
  return Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, {
    takes: row.takes,
    shown: IN_WORDS[name] ?? showDefault(row.default),
    errors: row.inRange === undefined ? '`TypeError`' : '`TypeError`, `RangeError`'
  }]))
}

function showDefault (value) {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return 'none'
  return typeof value === 'string' ? `\`'${value}'\`` : String(value)
}

describe('docs/options.md', () => {
  /** @type {Awaited<ReturnType<typeof optionTables>>} */
  let tables

  before(async () => { tables = await optionTables() })

  it('has a row for each option that all adapters share, with what it takes, its default and its errors', () => {
    assert.deepEqual(Object.assign({}, ...SHARED.map(described)), expected(gateOptions))
  })

  for (const [entry, heading] of Object.entries(SECTIONS)) {
    it(`has a row for each option of ${entry} alone`, () => {
      const { [entry]: table } = tables
      for (const name of Object.keys(gateOptions)) assert.ok(Object.hasOwn(table, name), name)
      assert.deepEqual(described(heading), expected(ownRows(table)))
    })
  }
})

describe('docs/routing.md', () => {
  it('has a row for each option of spillway/readiness', async () => {
    const { 'spillway/readiness': table } = await optionTables()
    const rows = rowsOfNames(section('docs/routing.md', '## Readiness and liveness'))
    const told = Object.fromEntries(rows.map(([name, takes, shown]) => [name, [takes, shown]]))
    assert.deepEqual(told, Object.fromEntries(Object.entries(table).map(([name, row]) => [name, [row.takes, showDefault(row.default)]])))
  })
})
