'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')

const { concurrentTransform } = require('spillway/stream')

const page = fs.readFileSync(path.join(__dirname, '..', '..', 'docs', 'streams.md'), 'utf8')

function messageFor (options) {
  try {
    concurrentTransform(() => {}, { concurrency: 1, ...options })
  } catch ({ message }) {
    return message
  }
  assert.fail(`${Object.keys(options)} takes anything`)
}

/** @returns {string} what an option takes, by the error for something that none takes */
function takes (name) {
  return messageFor({ [name]: Symbol('neither') }).match(/ must be (.*), got /)[1]
}

const known = messageFor({ none: 1 }).match(/: known are (.*)$/)[1].split(', ')
const table = page.slice(page.indexOf('\n## Options\n'), page.indexOf('\n## Errors\n'))
const told = [...table.matchAll(/^\| `(\w+)` \| ([^|]*) \|/gm)].map(([, name, what]) => [name, what])

describe('stream: options in docs/streams.md', () => {
  it('are those of the code', () => {
    assert.deepEqual(told.map(([name]) => name).sort(), known.toSorted())
  })

  it('take what the code says', () => {
    const inCode = told.filter(([name]) => known.includes(name))
    assert.deepEqual(inCode, inCode.map(([name]) => [name, takes(name)]))
  })
})
