'use strict'

const assert = require('node:assert/strict')
const path = require('node:path')
const { execFileSync, spawnSync } = require('node:child_process')
const { needs } = require('../support/needs.js')

const ADDON = path.join(__dirname, '..', '..', 'build', 'Release', 'spillway.node')
const ENTRY_POINTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1']

describe('The addon built by node-gyp', () => {
  before(function () {
    needs(this, 'readelf', process.platform === 'linux' && spawnSync('readelf', ['--version']).status === 0)
  })

  /** @param {string[]} options */
  const readelf = (...options) => execFileSync('readelf', ['--wide', ...options, ADDON], { encoding: 'utf8' })

  const symbols = () => [...readelf('--dyn-syms').matchAll(/(?:FUNC|OBJECT|NOTYPE) +(\w+) +\w+ +(\w+) +([^@\s]+)/g)]
    .map(([, binding, section, name]) => ({ isWeak: binding !== 'GLOBAL', isOurs: section !== 'UND', name }))

  it("exports its entry points and weak symbols of C++'s library, and none of its own symbols", () => {
    const shown = symbols().filter(({ isOurs, isWeak, name }) => isOurs && !(isWeak && /^_ZZ?N?K?St/.test(name)))
    assert.deepEqual(shown.map(({ name }) => name).sort(), ENTRY_POINTS)
  })

  it('is linked with immediate binding, read-only relocations and a non-executable stack', () => {
    assert.match(readelf('--dynamic'), /BIND_NOW/)
    assert.match(readelf('--program-headers'), /GNU_RELRO/)
    assert.match(readelf('--program-headers'), /GNU_STACK.* RW /)
    assert.doesNotMatch(readelf('--dynamic'), /TEXTREL/)
  })

  it('is compiled with stack protection', () => {
    assert.ok(symbols().some(({ name }) => name === '__stack_chk_fail'))
  })
})
