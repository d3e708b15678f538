'use strict'

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const checkTargets = require('../../bench/overload/targets')
const judge = require('../../bench/overload/judge')
const { choose } = require('../../bench/overload/scenarios')

const draw = require('../support/page.js')

const BENCH = path.join(__dirname, '..', '..', 'bench', 'overload')
const SHORT = ['--seconds', '0.5', '--warm-up', '0.3', '--time-out', '1']
const PLAIN = 'cpu-steps/http/guard/kept/6x'
const STEPS = 'cpu-steps/http/guard/kept/0.8x-6x-0.8x'

describe('the overload bench', function () {
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

  describe('in a short run', () => {
    let result

    before(async () => { result = await run('--only', PLAIN, '--only', STEPS, ...SHORT) })

    it('prints a Markdown table with a row for each scenario', () => {
      assert.equal(result.code, 0, result.stderr)
      const rows = result.stdout.split('\n').filter(line => line.startsWith('|')).map(line => line.split(' | '))
      assert.equal(rows.length, 2 + 2)
      assert.ok(rows.every(row => row.length === rows[0].length))
      const [head, , plain, steps] = rows.map(row => row.map(cell => cell.replace(/^\| | \|$/g, '')))
      assert.deepEqual(head.slice(0, 6), ['workload', 'framework', 'protection', 'connections', 'load', 'capacity/s'])
      assert.match(plain[4], /^6x/)
      assert.match(plain[head.indexOf('targets')], /goodput >= 0.95.*p99 <= 150 ms.*failures < 0.5 %/)
      assert.ok(Number(plain[head.indexOf('ceiling')]) > 0, 'a ceiling')
      assert.match(steps[head.indexOf('targets')], /p99 back within 1000 ms \(\w+,\w+\).*last 503 within 1000 ms/)
    })

    it('reports its progress on stderr', () => {
      assert.deepEqual(result.stderr.match(/^\d\/\d.*$/gm), [
        '1/4 cpu-steps/http/kept: capacity',
        '2/4 http/guard/kept: cost of a 503',
        `3/4 ${PLAIN}`,
        `4/4 ${STEPS}`
      ])
    })

    it('writes the table with machine, date and command, and a page that loads nothing from elsewhere', () => {
      const record = fs.readFileSync(path.join(directory, 'overload.md'), 'utf8')
      assert.match(record, /^- machine: .+\n- date: .+ UTC\n- Node.js: \d+.*\n- spillway: .+\n- compared with: .+\n- command: `npm run bench:overload/m)
      const page = fs.readFileSync(path.join(directory, 'overload.html'), 'utf8')
      assert.ok(/Chart\.js v\d/.test(page))
      const charts = draw(page)
      assert.deepEqual(charts.map(({ id }) => id), ['goodput-0', 'p99-0', 'steps-0'])
      assert.ok(charts.every(({ config }) => config.data.datasets.every(({ data }) => data.length > 0)))
      for (const { id } of charts) assert.ok(page.includes(`<canvas id="${id}"`))
      assert.doesNotMatch(page.replace(/<script>[^]*?<\/script>/g, ''), /(src|href)\s*=|@import|url\(/i)
    })
  })

  it('lists the scenarios that it would run, and the time that they would take', async () => {
    const { code, stdout, stderr } = await run('--list', '--only', 'slow-route')
    assert.equal(code, 0)
    assert.match(stdout, /^slow-route\/express\/spillway\/kept\/20\/s-200\/s$/m)
    assert.match(stderr, /^\d+ runs, \d+\.\d min/)
  })

  for (const [args, message] of [
    [['--only', 'nowhere'], /--only matches no scenario/],
    [['--seconds', '0'], /--seconds must be a number greater than 0; got '0'/],
    [['--arrivals', 'late'], /--arrivals must be even or poisson; got 'late'/],
    [['--fast'], /Unknown option '--fast'/]
  ]) {
    it(`rejects ${args.join(' ')}`, async () => {
      const { code, stderr } = await run(...args)
      assert.equal(code, 1)
      assert.match(stderr, message)
    })
  }
})

describe('the scenarios of the overload bench', () => {
  const all = choose({ quick: false, only: [] })

  it('have unique names and existing files', () => {
    assert.equal(new Set(all.map(({ name }) => name)).size, all.length)
    for (const [folder, key] of [['workloads', 'workload'], ['servers', 'framework'], ['protections', 'protection']]) {
      for (const name of new Set(all.map(scenario => scenario[key]).filter(Boolean))) {
        const [file] = name.split('-behind-')
        assert.ok(fs.existsSync(path.join(BENCH, '..', folder, `${file}.js`)), `${folder}/${name}`)
      }
    }
  })

  it('run after the unprotected scenarios that they are compared with', () => {
    const names = all.map(({ name }) => name)
    for (const { reach, ours, name, protection } of all.filter(({ reach }) => reach.p99OfNone)) {
      assert.ok(ours && reach)
      const beside = names.indexOf(name.replace(protection, 'none'))
      assert.ok(beside >= 0 && beside < names.indexOf(name), name)
    }
  })

  it('have Poisson arrivals where their row, or the command, asks for them', () => {
    const unequal = all.filter(({ workload }) => workload === 'unequal')
    assert.ok(unequal.every(({ arrivals, event, name }) => arrivals === 'poisson' && !event && name.endsWith('-poisson')))
    const [plain, event] = ['pool/http/guard/kept/0.8x', 'pool/http/guard/kept/3x-slower'].map(name =>
      choose({ quick: false, only: [name], arrivals: 'poisson' }).find(scenario => scenario.protection === 'guard'))
    assert.deepEqual([plain.name, plain.arrivals, plain.steps], ['pool/http/guard/kept/0.8x-poisson', 'poisson', [0.8]])
    assert.deepEqual([event.name, event.event], ['pool/http/guard/kept/3x-slower-poisson', 'slower'])
  })

  it('have clients of a closed loop, in any arrivals', () => {
    const [cold] = choose({ quick: false, only: ['hello/http/guard/kept/32'], arrivals: 'poisson' })
    assert.deepEqual([cold.name, cold.per, cold.steps, cold.arrivals], ['hello/http/guard/kept/32-clients', 'clients', [32], 'even'])
  })

  it('are fewer in the quick sweep', () => {
    const quick = choose({ quick: true, only: [] })
    const names = new Set(all.map(({ name }) => name))
    assert.ok(quick.length > 20 && quick.length < all.length / 2)
    assert.ok(quick.every(({ name }) => names.has(name)))
  })

  it('leave out what is done, except what other rows are compared with', () => {
    const only = ['cpu-block/http/*/new/0.5x']
    const names = (...done) => choose({ quick: false, only }, new Set(done)).map(({ name }) => name)
    const [bare, guarded] = ['cpu-block/http/none/new/0.5x', 'cpu-block/http/guard/new/0.5x']
    assert.deepEqual(names(), [bare, guarded])
    assert.deepEqual(names(bare), [bare, guarded])
    assert.deepEqual(names(guarded), [])
  })

  it('are chosen by patterns, any of which may match', () => {
    const chosen = choose({ quick: false, only: ['pool/koa', 'cpu*/hapi/none/new/6x', 'mix/http/guard/*/6x'] })
    assert.deepEqual(chosen.map(({ name }) => name).sort(),
      ['cpu-steps/hapi/none/new/6x', 'cpu-block/hapi/none/new/6x', 'mix/http/guard/kept/6x', 'mix/http/guard/new/6x'].sort())
  })
})

describe('a target of the overload bench', () => {
  const report = { okMs: { p99: 120 }, timeline: { phases: [{}, { recoveredMs: 200 }, { recoveredMs: null, lastRefusedMs: null }] } }
  const unequal = { served: 0.633, ideal: 0.641, goodputBelow: 0.97, scenario: { steps: [1.5] } }
  const outcome = { goodput: 0.95, shed: 0.001, failures: 0, p99OfNone: 100, report, ...unequal }

  for (const [reach, met] of [
    [{ goodput: 0.95 }, true], [{ goodput: 0.96 }, false],
    [{ p99: 120 }, true], [{ p99: 119 }, false],
    [{ shed: 0.001 }, true], [{ shed: 0 }, false],
    [{ failures: 0.005 }, true], [{ failures: 0 }, false],
    [{ p99OfNone: 1.2 }, true], [{ p99OfNone: 1.1 }, false],
    [{ belowIdeal: 0.01 }, true], [{ belowIdeal: 0.005 }, false],
    [{ ofIdeal: 0.97 }, true], [{ ofIdeal: 0.99 }, false],
    [{ rises: 0.03 }, true], [{ rises: 0.01 }, false],
    [{ recoveredMs: 1000 }, false], [{ lastRefusedMs: 1000 }, true]
  ]) {
    it(`is ${met ? 'met' : 'missed'}: ${JSON.stringify(reach)}`, () => {
      assert.deepEqual(checkTargets(reach, outcome).map(verdict => verdict.met), [met])
    })
  }
})

describe('an outcome of the overload bench', () => {
  it('is compared with the highest goodput of the same server at lower loads', () => {
    const [scenario] = choose({ quick: false, only: ['cpu-steps/http/guard/new/1.5x'] })
    const at = (step, goodput, more) => ({ scenario: { ...scenario, reach: { rises: 0.03 }, steps: [step], ...more }, goodput })
    const judged = judge([
      at(6, 0.95), at(0.5, 0.5), at(1.5, 0.96), at(0.9, 0.9), at(20, 0.92),
      at(0.5, 1, { connections: 'kept' }), at(0.5, 1, { protection: undefined }), at(0.5, 1, { arrivals: 'poisson' })
    ])
    assert.deepEqual(judged.map(({ goodputBelow }) => goodputBelow), [0.96, 0, 0.9, 0.5, 0.96, 0, 0, 0])
    assert.deepEqual(judged.map(({ checks: [{ met }] }) => met), [true, true, true, true, false, true, true, true])
  })
})
