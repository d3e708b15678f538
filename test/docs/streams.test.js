'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')

const { streamOptions } = require('../../lib/streams/options.js')

const page = fs.readFileSync(path.join(__dirname, '..', '..', 'docs', 'streams.md'), 'utf8')
const table = page.slice(page.indexOf('\n## Options\n'), page.indexOf('\n## Errors\n'))
const documented = [...table.matchAll(/^\| `(\w+)` \| ([^|]*) \|/gm)].map(([, name, takes]) => [name, takes])

describe('The options table of docs/streams.md', () => {
  it('lists the options of the code, and no others', () => {
    assert.deepEqual(documented.map(([name]) => name).sort(), Object.keys(streamOptions).sort())
  })

  for (const [name, { takes }] of Object.entries(streamOptions)) {
    it(`says what ${name} takes, in the words of the error message`, () => {
      assert.equal(Object.fromEntries(documented)[name], takes)
    })
  }
})
