'use strict'

const assert = require('node:assert/strict')
const { rowsOfNames, section } = require('./markdown.js')
const { retryOptions, streamOptions } = require('./option-tables.js')

const PAGE = 'docs/streams.md'

/** Defaults that are not a single value. */
const IN_WORDS = {
  highWaterMark: 'the current `concurrency`',
  sizeOf: 'length of a Buffer, typed array or string',
  'retry.shouldRetry': 'always'
}

/** @param {string} heading */
function described (heading) {
  return Object.fromEntries(rowsOfNames(section(PAGE, heading)).map(([name, takes, shown]) => [name, { takes, shown }]))
}

/** What the page must say about each option. */
function expected (rows, prefix = '') {
  return Object.fromEntries(Object.entries(rows).map(([name, row]) => [prefix + name, {
    takes: row.takes,
    shown: IN_WORDS[prefix + name] ?? (row.required ? 'required' : showDefault(row.default))
  }]))
}

function showDefault (value) {
  if (value === undefined) return 'none'
  return typeof value === 'string' ? `\`'${value}'\`` : String(value)
}

describe('docs/streams.md', () => {
  it('has a row for each option, with what it takes and its default', () => {
    assert.deepEqual(described('## Options'), expected(streamOptions))
  })

  it('has a row for each option of retry', () => {
    assert.deepEqual(described('## Retries'), expected(retryOptions, 'retry.'))
  })
})
