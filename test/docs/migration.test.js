'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { gateOptions } = require('../../lib/gate/options.js')

const page = fs.readFileSync(path.join(__dirname, '..', '..', 'docs', 'migration.md'), 'utf8')

describe('docs/migration.md', () => {
  it('names only options that exist', () => {
    const [table] = page.match(/^\| overload-protection(?:.*\n)+?\n/m)
    const ours = [...table.matchAll(/^\| .*? \| .*? \| `(\w+)` \|/gm)].map(([, name]) => name)
    assert.ok(ours.length >= 6)
    for (const name of ours) assert.ok(['NODE_ENV', 'errorMode'].includes(name) || name in gateOptions, name)
  })
})
