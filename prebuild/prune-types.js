'use strict'

/** Removes the type declarations that no entry point of the package leads to. They would be a third of all. */

const fs = require('node:fs')
const path = require('node:path')
const manifest = require('../package.json')

const root = path.join(__dirname, '..')
const IMPORT = /\b(?:from|import\()\s*['"](\.[^'"]+)\.js['"]/g

const pending = Object.values(manifest.exports).flatMap(({ types }) => types === undefined ? [] : [path.join(root, types)])
const reached = new Set(pending)
for (const file of pending) {
  for (const [, name] of fs.readFileSync(file, 'utf8').matchAll(IMPORT)) {
    const next = path.join(path.dirname(file), `${name}.d.ts`)
    if (!reached.has(next)) pending.push(next)
    reached.add(next)
  }
}
for (const name of fs.readdirSync(path.join(root, 'types'), { recursive: true })) {
  const file = path.join(root, 'types', String(name))
  if (file.endsWith('.d.ts') && !reached.has(file)) fs.rmSync(file)
}
