'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { read, root } = require('./markdown.js')

const NAMES = /\bSPILLWAY_[A-Z]+(?:_[A-Z]+)*\b/g

function namesInCode () {
  const files = fs.readdirSync(path.join(root, 'lib'), { recursive: true }).filter((name) => /\.m?js$/.test(name))
  return new Set(files.flatMap((name) => fs.readFileSync(path.join(root, 'lib', name), 'utf8').match(NAMES) ?? []))
}

describe('docs/operating.md', () => {
  it('describes each warning code, error code and environment variable of the code, and no other', () => {
    const rows = [...read('docs/operating.md').matchAll(/^\| `(SPILLWAY_\w+)` \|/gm)].map(([, name]) => name)
    assert.deepEqual(rows.toSorted(), [...namesInCode()].toSorted())
  })
})
