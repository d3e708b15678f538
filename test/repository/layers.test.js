'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')

/**
 * The architecture: a folder uses only those below it. The first list is for the JavaScript in lib/, whose entries
 * (such as lib/index.js) are above all folders; the second is for the C++ in src/.
 */
const LIB = ['adapters', 'gate', 'admission', 'requests', 'accept-queue', 'limits', 'streams', 'loop', 'options', 'native']
const SRC = ['binding', 'accept_queue', 'admission', 'concurrency', 'loop', 'os']

/** `require('./x')`, `import('./x')` in code or JSDoc, `from './x'` and `import './x'`. */
const JS_USE = /(?:\brequire\s*\(\s*|\bimport\s*\(\s*|\bfrom\s+|\bimport\s+)(['"`])(\.[^'"`]*)\1/g
const CC_USE = /^\s*#\s*include\s*["<]([^">]+)[">]/gm
const NODE_API = /^(?:napi|node_api|js_native_api)/

const root = path.join(__dirname, '..', '..')

/**
 * @typedef {object} Use of one file by another
 * @property {string} file relative to the repository
 * @property {string} target relative to the repository
 * @property {string} from the folder of the file below lib/ or src/; empty for an entry
 * @property {string} to the folder of the target
 */

/** @returns {string[]} relative to the repository */
function filesIn (folder, pattern) {
  return fs.readdirSync(path.join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)))
}

/** The first folder below lib/ or src/; empty for a file that is not in one. */
function folderOf (file) {
  const parts = file.split(path.sep)
  return parts.length > 2 ? parts[1] : ''
}

/** @returns {Use[]} */
function usesInLib () {
  return filesIn('lib', /\.(?:js|mjs|cjs|ts|mts|cts)$/).flatMap((file) => usesOfJs(file, fs.readFileSync(path.join(root, file), 'utf8')))
}

/** @returns {Use[]} */
function usesOfJs (file, text) {
  return [...text.matchAll(JS_USE)].map((match) => useOf(file, path.join(path.dirname(file), match[2])))
}

/** @returns {Use[]} of headers of this project */
function usesInSrc () {
  return includes().filter(({ header }) => SRC.includes(header.split('/')[0]))
    .map(({ file, header }) => useOf(file, path.join('src', header)))
}

function includes () {
  return filesIn('src', /\.(?:h|cc)$/).flatMap((file) =>
    [...fs.readFileSync(path.join(root, file), 'utf8').matchAll(CC_USE)].map(([, header]) => ({ file, header })))
}

/** @returns {Use} */
function useOf (file, target) {
  return { file, target, from: folderOf(file), to: folderOf(target) }
}

/** Each use of a folder that is not below the folder that uses it, as a sentence. */
function upwardUses (uses, order) {
  return uses.filter(({ target, from, to }) => from !== to && target.split(path.sep)[0] === (order === LIB ? 'lib' : 'src') &&
      from !== '' && order.indexOf(to) <= order.indexOf(from))
    .map(({ file, target, from, to }) => to === ''
      ? `${file} uses ${target}, and the entries are above all folders`
      : `${file} uses ${target}, and the folder ${to} is above ${from}`)
}

/** A cycle of folders that use each other, if there is one. */
function findCircle (uses) {
  const users = new Map()
  for (const { from, to } of uses) if (from !== to && from !== '') users.set(from, (users.get(from) ?? new Set()).add(to))
  const visit = (folder, trail) => {
    if (trail.includes(folder)) return [...trail.slice(trail.indexOf(folder)), folder]
    for (const next of users.get(folder) ?? []) {
      const circle = visit(next, [...trail, folder])
      if (circle !== undefined) return circle
    }
  }
  for (const folder of users.keys()) {
    const circle = visit(folder, [])
    if (circle !== undefined) return circle.join(' uses ')
  }
}

describe('the folders of lib/', () => {
  const uses = usesInLib()

  it('are all in the list of layers', () => {
    assert.deepEqual(fs.readdirSync(path.join(root, 'lib'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'build').map(({ name }) => name).sort(), [...LIB].sort())
  })

  it('use only folders below them, in JSDoc types too', () => {
    assert.deepEqual(upwardUses(uses, LIB), [])
  })

  it('do not use each other in a cycle', () => {
    assert.equal(findCircle(uses), undefined)
  })

  it('use files that exist', () => {
    const missing = uses.filter(({ target }) => !fs.existsSync(path.join(root, target)) && !fs.existsSync(path.join(root, target.replace(/\.js$/, '.ts'))))
    assert.deepEqual(missing.map(({ file, target }) => `${file} uses ${target}, which does not exist`), [])
  })
})

describe('the folders of src/', () => {
  const uses = usesInSrc()

  it('are all in the list of layers', () => {
    assert.deepEqual(fs.readdirSync(path.join(root, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'build').map(({ name }) => name).sort(), [...SRC].sort())
  })

  it('include only headers of folders below them', () => {
    assert.deepEqual(upwardUses(uses, SRC), [])
  })

  it('do not include each other in a cycle', () => {
    assert.equal(findCircle(uses), undefined)
  })

  it('include Node-API only in binding/', () => {
    assert.deepEqual(includes().filter(({ file, header }) => NODE_API.test(header) && folderOf(file) !== 'binding')
      .map(({ file, header }) => `${file} includes ${header}, which only src/binding may`), [])
  })

  it('include only headers of loop/ and os/ in loop/', () => {
    assert.deepEqual(uses.filter(({ from, to }) => from === 'loop' && !['loop', 'os'].includes(to))
      .map(({ file, target }) => `${file} includes ${target}, and src/loop may include only loop/ and os/`), [])
  })
})

describe('the check of the layers', () => {
  const use = (text) => usesOfJs('lib/loop/x.js', text)

  it('finds every way to use a file', () => {
    for (const text of ["require('../gate/a.js')", "import('../gate/a.js').A", "from '../gate/a.js'", "import '../gate/a.js'", '/** @param {import("../gate/a.js").A} a */']) {
      assert.deepEqual(upwardUses(use(text), LIB), [`lib/loop/x.js uses ${path.join('lib/gate/a.js')}, and the folder gate is above loop`], text)
    }
  })

  it('reports an entry that a folder uses', () => {
    assert.deepEqual(upwardUses(use("require('../index.js')"), LIB), ['lib/loop/x.js uses lib/index.js, and the entries are above all folders'])
  })

  it('finds a cycle', () => {
    const circle = [['a', 'b'], ['b', 'c'], ['c', 'a']].map(([from, to]) => ({ file: '', target: '', from, to }))
    assert.equal(findCircle(circle), 'a uses b uses c uses a')
    assert.equal(findCircle(circle.slice(0, 2)), undefined)
  })
})
