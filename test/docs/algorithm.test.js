'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { read, root, section } = require('./markdown.js')

const admission = fs.readdirSync(path.join(root, 'src/admission')).map((name) => `src/admission/${name}`)
const estimators = ['cohort', 'no_load_response', 'sample', 'smoothed_rate'].map((name) => `src/concurrency/${name}.h`)
const source = [...admission, ...estimators].map(read).join('\n')

describe('docs/algorithm.md', () => {
  it('explains the constants of the code, and no others', () => {
    const named = new Set(section('docs/algorithm.md', '## Constants').match(/\bk[A-Z]\w+/g))
    const constants = new Set([...source.matchAll(/constexpr \w+ (k[A-Z]\w+) = /g)].map(([, name]) => name))
    assert.deepEqual([...named].filter((name) => !constants.has(name)), [], 'not in the code')
    assert.deepEqual([...constants].filter((name) => !named.has(name)), [], 'not explained')
  })

  it('names files that exist', () => {
    const files = read('docs/algorithm.md').match(/\bsrc\/[\w/]+(?:\.\*|\.h)?/g) ?? []
    assert.ok(files.length > 0)
    for (const file of files) {
      const isThere = file.endsWith('.*') ? ['.h', '.cc'].every((end) => fs.existsSync(path.join(root, file.replace('.*', end)))) : fs.existsSync(path.join(root, file))
      assert.ok(isThere, file)
    }
  })
})
