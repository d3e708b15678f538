'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { run } = require('../support/child.js')

const root = path.join(__dirname, '..', '..')
const pkg = require('../../package.json')

describe('the package', () => {
  it('measures natively here', () => {
    assert.equal(require('spillway').backend, 'native')
  })

  it('measures in JavaScript if SPILLWAY_BACKEND is js, without a warning', async () => {
    const { stdout, stderr } = await run("process.env.SPILLWAY_BACKEND = 'js'; console.log(require('spillway').backend)")
    assert.deepEqual({ stdout, stderr }, { stdout: 'js\n', stderr: '' })
  })

  it('loads no addon, and few of its modules, before an adapter creates its first gate', async () => {
    const { stdout } = await run(`
      require('spillway/express')
      const modules = Object.keys(require.cache).filter((file) => file.includes(require('node:path').join('', 'lib', '')))
      const addons = process.report.getReport().sharedObjects.filter((name) => name.endsWith('spillway.node'))
      console.log(modules.length, addons.length)
    `)
    const [modules, addons] = stdout.split(' ').map(Number)
    assert.equal(addons, 0)
    assert.ok(modules >= 1 && modules <= 12, `${modules} modules`)
  })

  it("throws the addon's error instead of falling back if SPILLWAY_BACKEND is native", async () => {
    const load = (/** @type {string} */ failure) => run(`
      process.env.SPILLWAY_BACKEND = 'native'
      const Module = require('node:module')
      const load = Module._load
      Module._load = function (request, ...rest) {
        if (${failure} && request === 'node-gyp-build') throw new Error('no addon here')
        return load.call(this, request, ...rest)
      }
      console.log(require('spillway').backend)
    `)
    const { backend } = require('spillway')
    if (backend === 'native') assert.equal((await load('false')).stdout, 'native\n')
    const { code, stdout, stderr } = await load('true')
    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
    assert.match(stderr, /Error: no addon here/)
    assert.doesNotMatch(stderr, /SPILLWAY_FALLBACK/)
  })

  it('rejects any other SPILLWAY_BACKEND', async () => {
    const { code, stderr } = await run("process.env.SPILLWAY_BACKEND = 'wasm'; require('spillway')")
    assert.equal(code, 1)
    assert.match(stderr, /RangeError: SPILLWAY_BACKEND must be 'native' or 'js', or not be set; got 'wasm'/)
    assert.match(stderr, /SPILLWAY_INVALID_ARGUMENT/)
  })

  for (const entry of Object.keys(pkg.exports).filter((name) => !name.endsWith('.json'))) {
    const specifier = path.posix.join('spillway', entry)
    it(`loads ${specifier} by require and by import`, async () => {
      const required = require(specifier)
      const imported = await import(specifier)
      assert.equal(imported.default, required)
    })
  }

  it('has nothing for a package manager to run on installation', () => {
    assert.deepEqual(['preinstall', 'install', 'postinstall'].filter((name) => name in pkg.scripts), [])
    assert.equal(pkg.gypfile, false)
    // npm ci, pnpm and Yarn build a package for whatever *.gyp file is in its root.
    assert.deepEqual(fs.readdirSync(root).filter((name) => name.endsWith('.gyp')), [])
  })

  it('has a source for every type declaration in its exports', () => {
    const promised = JSON.stringify(pkg.exports).match(/\.\/types\/[^"]+/g)
    assert.ok(promised.length >= 7)
    for (const file of promised) {
      const source = file.replace('types', 'lib').replace(/\.d\.(m?)ts$/, '.$1js')
      assert.ok(fs.existsSync(path.join(root, source)), `${source}, from which tsc makes ${file}`)
    }
  })

  it('shares one state between ES modules and CommonJS', async () => {
    const { stdout, stderr } = await run(`
      import toobusy, { maxLag, lag, shutdown, started, backend } from 'spillway'
      import { createRequire } from 'node:module'
      const required = createRequire(process.cwd() + '/')('spillway')
      maxLag(123)
      shutdown()
      console.log(required === toobusy, required.maxLag(), required.started(), started(), lag(), backend)
    `, ['--input-type=module'])
    const { backend } = require('spillway')
    assert.deepEqual({ stdout, stderr }, { stdout: `true 123 false false 0 ${backend}\n`, stderr: '' })
  })

  it('continues in JavaScript, after one warning, if the addon does not load', async () => {
    const { stdout, stderr } = await run(`
      delete process.env.SPILLWAY_BACKEND
      const Module = require('node:module')
      const load = Module._load
      Module._load = function (request, ...rest) {
        if (request === 'node-gyp-build') throw new Error('no addon here')
        return load.call(this, request, ...rest)
      }
      const toobusy = require('spillway')
      require('spillway/express')()
      toobusy.interval(16)
      const beBusy = () => {
        const until = Date.now() + 300
        while (Date.now() < until);
        setTimeout(() => console.log(toobusy.backend, toobusy.lag() > 100, toobusy.delay() >= toobusy.lag() - 1, toobusy()), 1)
      }
      // Not in the first turn, which is part of the start of the script.
      setImmediate(() => setImmediate(() => setTimeout(beBusy, 20)))
    `)
    assert.equal(stdout, 'js true true true\n')
    assert.equal(stderr.match(/SpillwayWarning/g)?.length, 1, stderr)
    assert.match(stderr, /SPILLWAY_FALLBACK.*npx node-gyp rebuild.*no addon here/s)
  })

  it('does not count the start of a script as lag', async () => {
    const { stdout } = await run(`
      process.env.SPILLWAY_BACKEND = 'js'
      const toobusy = require('spillway')
      toobusy.interval(16)
      const until = Date.now() + 300
      while (Date.now() < until);
      setTimeout(() => console.log(toobusy.lag(), toobusy()), 1)
    `)
    assert.equal(stdout, '0 false\n')
  })

  it('reports what is unavailable if the addon is not loaded, and provides the rest', async () => {
    const { stdout, stderr } = await run(`
      process.env.SPILLWAY_BACKEND = 'js'
      const { guard } = require('spillway/http')
      const server = require('node:http').createServer((req, res) => res.end('served'))
      const gate = guard(server, { spill: true, maxThreadPoolDelay: 50, maxInFlight: 9, maxRssBytes: 1e12 })
      guard(require('node:http').createServer(), { maxThreadPoolDelay: 50 })
      server.listen(0, async () => {
        const response = await fetch('http://localhost:' + server.address().port)
        const { backend, source, spill, limits } = gate.snapshot()
        const told = Object.fromEntries(limits.map(({ reason, value }) => [reason, value !== null]))
        console.log(JSON.stringify([await response.text(), gate.stats().admitted, backend, source, spill.active, spill.why, told]))
        process.exit()
      })
    `)
    assert.deepEqual(JSON.parse(stdout), [
      'served', 1, 'js', 'loop', false, 'the native addon is not loaded', { rssBytes: true, fdRatio: true, threadPoolDelay: false }])
    assert.match(stderr, /SPILLWAY_UNKNOWN_LIMIT.*maxThreadPoolDelay has no effect: .* unless the native addon is loaded\n/)
    assert.equal(stderr.match(/Warning:/g)?.length, 1, stderr)
  })
})
