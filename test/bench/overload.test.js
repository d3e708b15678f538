'use strict'

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const judge = require('../../bench/overload/targets')
const { choose } = require('../../bench/overload/scenarios')

const BENCH = path.join(__dirname, '..', '..', 'bench', 'overload')

describe('overload bench', function () {
  let directory

  before(() => { directory = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-')) })
  after(() => fs.rmSync(directory, { recursive: true }))

  async function run (...args) {
    const child = spawn(process.execPath, [BENCH, ...args], { cwd: directory })
    const output = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr']) child[name].on('data', chunk => { output[name] += chunk })
    const [code] = await once(child, 'close')
    return { code, ...output }
  }

  it('lists what it would run, with the time that it would take', async () => {
    const { code, stdout, stderr } = await run('--list', '--only', 'slow-route')
    assert.equal(code, 0)
    assert.match(stdout, /^slow-route\/express\/spillway\/kept\/20\/s-200\/s$/m)
    assert.match(stderr, /^\d+ runs, \d+\.\d min/)
  })

  for (const [args, message] of [
    [['--only', 'nowhere'], /no scenario has such a name/],
    [['--seconds', '0'], /--seconds takes a number above 0, not '0'/],
    [['--fast'], /Unknown option '--fast'/]
  ]) {
    it(`refuses ${args.join(' ')}`, async () => {
      const { code, stderr } = await run(...args)
      assert.equal(code, 1)
      assert.match(stderr, message)
    })
  }
})

describe('scenarios', () => {
  const all = choose({ quick: false, only: [] })

  it('have names of their own, and files behind them', () => {
    assert.equal(new Set(all.map(({ name }) => name)).size, all.length)
    for (const [folder, key] of [['workloads', 'workload'], ['servers', 'framework'], ['protections', 'protection']]) {
      for (const name of new Set(all.map(scenario => scenario[key]).filter(Boolean))) {
        assert.ok(fs.existsSync(path.join(BENCH, '..', folder, `${name}.js`)), `${folder}/${name}`)
      }
    }
  })

  it('are run after the unprotected that they are compared with', () => {
    const names = all.map(({ name }) => name)
    for (const { reach, ours, name, protection } of all.filter(({ reach }) => reach.p99OfNone)) {
      assert.ok(ours && reach)
      const beside = names.indexOf(name.replace(protection, 'none'))
      assert.ok(beside >= 0 && beside < names.indexOf(name), name)
    }
  })

  it('are fewer in the quick sweep', () => {
    const quick = choose({ quick: true, only: [] })
    const names = new Set(all.map(({ name }) => name))
    assert.ok(quick.length > 20 && quick.length < all.length / 2)
    assert.ok(quick.every(({ name }) => names.has(name)))
  })

  it('are chosen by patterns, any of which may match', () => {
    const chosen = choose({ quick: false, only: ['pool/koa', 'cpu*/hapi/none/new/6x', 'mix/http/guard/*/6x'] })
    assert.deepEqual(chosen.map(({ name }) => name).sort(),
      ['cpu-steps/hapi/none/new/6x', 'cpu-block/hapi/none/new/6x', 'mix/http/guard/kept/6x', 'mix/http/guard/new/6x'].sort())
  })
})

describe('targets', () => {
  const report = { okMs: { p99: 120 }, timeline: { phases: [{}, { recoveredMs: 200 }, { recoveredMs: null, lastRefusedMs: null }] } }
  const outcome = { goodput: 0.95, shed: 0.001, failures: 0, p99OfNone: 100, report }

  for (const [reach, met] of [
    [{ goodput: 0.95 }, true], [{ goodput: 0.96 }, false],
    [{ p99: 120 }, true], [{ p99: 119 }, false],
    [{ shed: 0.001 }, true], [{ shed: 0 }, false],
    [{ failures: 0.005 }, true], [{ failures: 0 }, false],
    [{ p99OfNone: 1.2 }, true], [{ p99OfNone: 1.1 }, false],
    [{ recoveredMs: 1000 }, false], [{ lastRefusedMs: 1000 }, true]
  ]) {
    it(`${met ? 'meets' : 'misses'} ${JSON.stringify(reach)}`, () => {
      assert.deepEqual(judge(reach, outcome).map(verdict => verdict.met), [met])
    })
  }
})
