'use strict'

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const draw = require('../support/page.js')

const BENCH = path.join(__dirname, '..', '..', 'bench', 'overload')
const SHORT = ['--seconds', '0.5', '--warm-up', '0.3', '--time-out', '1']
const PLAIN = 'cpu-steps/http/guard/kept/6x'
const STEPS = 'cpu-steps/http/guard/kept/0.8x-6x-0.8x'

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

  describe('a short run', () => {
    let result

    before(async () => { result = await run('--only', PLAIN, '--only', STEPS, ...SHORT) })

    it('prints a Markdown table, a row for each scenario', () => {
      assert.equal(result.code, 0, result.stderr)
      const rows = result.stdout.split('\n').filter(line => line.startsWith('|')).map(line => line.split(' | '))
      assert.equal(rows.length, 2 + 2)
      assert.ok(rows.every(row => row.length === rows[0].length))
      const [head, , plain, steps] = rows.map(row => row.map(cell => cell.replace(/^\| | \|$/g, '')))
      assert.deepEqual(head.slice(0, 6), ['workload', 'framework', 'protection', 'connections', 'load', 'capacity/s'])
      assert.match(plain[4], /^6x/)
      assert.match(plain[13], /goodput >= 0.95.*p99 <= 150 ms.*failures < 0.5 %/)
      assert.ok(Number(plain[7]) > 0, 'a ceiling')
      assert.match(steps[13], /p99 back in 1000 ms \(\w+,\w+\).*last 503 in 1000 ms/)
    })

    it('tells its progress on stderr', () => {
      assert.deepEqual(result.stderr.match(/^\d\/\d.*$/gm), [
        '1/4 cpu-steps/http/kept: capacity',
        '2/4 http/guard/kept: cost of a refusal',
        `3/4 ${PLAIN}`,
        `4/4 ${STEPS}`
      ])
    })

    it('writes the table with machine, date and command, and a page that needs nothing from outside', () => {
      const record = fs.readFileSync(path.join(directory, 'overload.md'), 'utf8')
      assert.match(record, /^- machine: .+\n- date: .+ UTC\n- Node.js: \d+.*\n- spillway: .+\n- beside: .+\n- command: `npm run bench:overload/m)
      const page = fs.readFileSync(path.join(directory, 'overload.html'), 'utf8')
      assert.ok(/Chart\.js v\d/.test(page))
      const charts = draw(page)
      assert.deepEqual(charts.map(({ id }) => id), ['goodput-0', 'p99-0', 'steps-0'])
      assert.ok(charts.every(({ config }) => config.data.datasets.every(({ data }) => data.length > 0)))
      for (const { id } of charts) assert.ok(page.includes(`<canvas id="${id}"`))
      assert.doesNotMatch(page.replace(/<script>[^]*?<\/script>/g, ''), /(src|href)\s*=|@import|url\(/i)
    })
  })
})
