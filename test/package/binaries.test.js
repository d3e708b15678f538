'use strict'

const assert = require('node:assert/strict')
const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { needs } = require('../support/needs.js')
const { invalidPages } = require('./support/mach-o-signature.js')
const targets = require('../../prebuild/targets.js')

const prebuilds = path.join(__dirname, '..', '..', 'prebuilds')
const ENTRY_POINTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1']
const FROM_NODE = /^(napi|uv)_/
const MUSL_LOADER = '/lib/ld-musl-x86_64.so.1' // of Debian's package musl
const MOST_BYTES = 200_000
const OLDEST_GLIBC = 17 // of 2.x; Node 20 itself needs a newer one

/** @param {string} file @param {string[]} options of readelf */
const readelf = (file, ...options) => execFileSync('readelf', ['--wide', ...options, path.join(prebuilds, file)], { encoding: 'utf8' })

for (const { file } of targets) {
  it(`the binary ${file} has less than ${MOST_BYTES / 1000} kB`, () => {
    assert.ok(fs.statSync(path.join(prebuilds, file)).size < MOST_BYTES)
  })
}

for (const { file } of targets.filter(({ os }) => os === 'linux')) {
  describe(`the binary ${file}`, () => {
    const symbols = () => readelf(file, '--dyn-syms').split('\n')
      .map((line) => /(FUNC|OBJECT|NOTYPE)\s+(\w+)\s+\w+\s+(\w+)\s+([^@\s]+)/.exec(line))
      .filter((match) => match !== null)
      .map(([, , , section, name]) => ({ undefined: section === 'UND', name }))

    it('exports its entry points, and nothing else', () => {
      assert.deepEqual(symbols().filter((symbol) => !symbol.undefined).map(({ name }) => name).sort(), ENTRY_POINTS)
    })

    it('imports no C++ symbols from the process, which another compiler may have built', () => {
      const borrowed = symbols().filter((symbol) => symbol.undefined && /^(_Z|__cxa_(?!finalize|atexit)|__gxx|_Unwind)/.test(symbol.name))
      assert.deepEqual(borrowed.map(({ name }) => name), [])
    })

    it('has all its symbols bound and write-protected before it runs, and has no executable stack', () => {
      assert.match(readelf(file, '--dynamic'), /BIND_NOW/)
      assert.match(readelf(file, '--program-headers'), /GNU_RELRO/)
      assert.match(readelf(file, '--program-headers'), /GNU_STACK.* RW /)
    })

    it('is stripped', () => {
      assert.doesNotMatch(readelf(file, '--sections'), /\.(symtab|debug_info)/)
    })

    it('protects its stack', () => {
      assert.ok(symbols().some(({ name }) => name === '__stack_chk_fail'))
    })

    if (file.includes('glibc')) {
      it(`needs no newer glibc than 2.${OLDEST_GLIBC}`, () => {
        const versions = [...readelf(file, '--version-info').matchAll(/GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor))
        assert.ok(versions.length > 0 && versions.every((minor) => minor <= OLDEST_GLIBC), String(versions))
      })
    }
  })
}

for (const { file } of targets.filter(({ os }) => os === 'mac')) {
  describe(`the binary ${file}`, () => {
    before(function () {
      needs(this, 'llvm', spawnSync('llvm-nm', ['--version']).status === 0)
    })

    it('exports its entry points', () => {
      const listing = execFileSync('llvm-objdump', ['--macho', '--exports-trie', path.join(prebuilds, file)], { encoding: 'utf8' })
      for (const name of ENTRY_POINTS) assert.match(listing, new RegExp(`\\b_${name}$`, 'm'))
    })

    it("looks up Node's symbols in the process, and no others", () => {
      const listing = execFileSync('llvm-nm', ['-m', '--undefined-only', path.join(prebuilds, file)], { encoding: 'utf8' })
      const lookedUp = [...listing.matchAll(/external _(\w+) \(dynamically looked up\)/g)].map(([, name]) => name)
      assert.ok(lookedUp.includes('napi_define_properties'), listing)
      assert.deepEqual(lookedUp.filter((name) => !FROM_NODE.test(name)), [])
    })
  })
}

it('the signature of the binary darwin-arm64/spillway.node, without which the system does not load it, fits its content', () => {
  assert.deepEqual(invalidPages(fs.readFileSync(path.join(prebuilds, 'darwin-arm64/spillway.node'))), [])
})

describe('the binary win32-x64/spillway.node', () => {
  it("takes Node's symbols from node.exe, and needs only libraries that every Windows has", () => {
    const listing = execFileSync('objdump', ['-p', path.join(prebuilds, 'win32-x64/spillway.node')], { encoding: 'utf8' })
    const [, ...libraries] = listing.split('DLL Name: ')
    const [[node, imports], ...others] = libraries.map((part) => [part.split('\n')[0].toLowerCase(), part.match(/(?<=\d\s+)[A-Za-z_]\w+$/gm)])
    assert.equal(node, 'node.exe')
    assert.ok(imports.includes('napi_define_properties'), listing)
    assert.deepEqual(imports.filter((name) => !FROM_NODE.test(name)), [])
    assert.deepEqual(others.map(([name]) => name).sort(), ['kernel32.dll', 'msvcrt.dll'])
  })
})

describe('the binary linux-x64/spillway.musl.node', () => {
  it("finds all but Node's symbols in musl", function () {
    needs(this, 'musl', fs.existsSync(MUSL_LOADER))
    const { stderr } = spawnSync(MUSL_LOADER, ['--list', path.join(prebuilds, 'linux-x64/spillway.musl.node')], { encoding: 'utf8' })
    const missing = [...stderr.matchAll(/: (\w+): symbol not found/g)].map(([, name]) => name)
    assert.ok(missing.includes('napi_define_properties'), stderr)
    assert.deepEqual(missing.filter((name) => !FROM_NODE.test(name)), [])
  })
})
