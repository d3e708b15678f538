'use strict'

const assert = require('node:assert/strict')
const path = require('node:path')
const { execFileSync, spawnSync } = require('node:child_process')
const { needs } = require('../support/needs.js')

const ADDON = path.join(__dirname, '..', '..', 'build', 'Release', 'spillway.node')
const ENTRY_POINTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1']

describe('the binary built here', () => {
  before(function () {
    needs(this, 'readelf', process.platform === 'linux' && spawnSync('readelf', ['--version']).status === 0)
  })

  /** @param {string[]} options */
  const readelf = (...options) => execFileSync('readelf', ['--wide', ...options, ADDON], { encoding: 'utf8' })

  const symbols = () => [...readelf('--dyn-syms').matchAll(/(?:FUNC|OBJECT|NOTYPE) +(\w+) +\w+ +(\w+) +([^@\s]+)/g)]
    .map(([, binding, section, name]) => ({ isWeak: binding !== 'GLOBAL', isOurs: section !== 'UND', name }))

  it("shows its entry points and, weakly, what it has of C++'s library; nothing of its own", () => {
    const shown = symbols().filter(({ isOurs, isWeak, name }) => isOurs && !(isWeak && /^_ZZ?N?K?St/.test(name)))
    assert.deepEqual(shown.map(({ name }) => name).sort(), ENTRY_POINTS)
  })

  it('has all its symbols bound and write-protected before it runs, and no executable stack', () => {
    assert.match(readelf('--dynamic'), /BIND_NOW/)
    assert.match(readelf('--program-headers'), /GNU_RELRO/)
    assert.match(readelf('--program-headers'), /GNU_STACK.* RW /)
    assert.doesNotMatch(readelf('--dynamic'), /TEXTREL/)
  })

  it('protects its stack', () => {
    assert.ok(symbols().some(({ name }) => name === '__stack_chk_fail'))
  })
})
