'use strict'

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const draw = require('../support/page.js')

const DEMONSTRATION = path.join(__dirname, '..', '..', 'bench', 'demonstration')
const SHORT = ['--levels', '0.5,3', '--seconds', '0.4', '--warm-up', '0.3', '--time-out', '1', '--spike', '0.5']

const LONGEST_MS = 60_000 // three times the usual duration

describe('the demonstration', function () {
  let directory

  this.timeout(LONGEST_MS)

  before(() => { directory = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-')) })
  after(() => fs.rmSync(directory, { recursive: true }))

  /** `ended` resolves when the process and its children have closed their output. */
  function start (args, env) {
    const child = spawn(process.execPath, [DEMONSTRATION, ...args], { cwd: directory, env: { ...process.env, ...env } })
    const output = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr']) child[name].on('data', chunk => { output[name] += chunk })
    const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...output }))
    return { child, ended }
  }

  describe('in a short run', () => {
    let page, run

    before(async () => {
      run = await start(SHORT).ended
      page = fs.readFileSync(path.join(directory, 'demonstration.html'), 'utf8')
    })

    it('prints the table, followed by the path of the page', () => {
      assert.equal(run.code, 0, run.stderr)
      const lines = run.stdout.trimEnd().split('\n')
      assert.match(lines[0], /^Capacity: \d+ requests\/s/)
      assert.match(lines[2], /^protection +load +offered\/s +useful\/s .* 503\/s +failures\/s +p50 ms +p99 ms/)
      assert.deepEqual(lines.slice(3, 7).map(line => line.match(/^(\w+) +(\S+ x)/).slice(1)),
        [['none', '0.5 x'], ['none', '3 x'], ['spillway', '0.5 x'], ['spillway', '3 x']])
      assert.equal(fs.realpathSync(lines.at(-1)), path.join(fs.realpathSync(directory), 'demonstration.html'))
    })

    it('reports its progress on stderr, one line per step if there is no terminal', () => {
      assert.deepEqual(run.stderr.match(/^\d\/\d.*$/gm), [
        '1/7 capacity',
        '2/7 no protection, a spike of 3 x capacity, clients that try again',
        '3/7 spillway, a spike of 3 x capacity, clients that try again',
        '4/7 no protection, 0.5 x capacity',
        '5/7 no protection, 3 x capacity',
        '6/7 spillway, 0.5 x capacity',
        '7/7 spillway, 3 x capacity'
      ])
    })

    it('writes a page that loads nothing from elsewhere', () => {
      assert.ok(/Chart\.js v\d/.test(page))
      assert.ok(!page.includes('sourceMappingURL'))
      assert.ok(page.includes("default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'"))
      assert.doesNotMatch(page.replace(/<script>[^]*?<\/script>/g, ''), /(src|href)\s*=|@import|url\(/i)
    })

    it('draws the share that is answered in time first, second by second', () => {
      const [{ id, config }] = draw(page)
      assert.equal(id, 'spike')
      assert.ok(page.indexOf('<canvas id="spike"') < page.indexOf('<canvas id="useful"'))
      const [without, withSpillway] = config.data.datasets
      assert.deepEqual([without.label, withSpillway.label], ['without spillway', 'with spillway'])
      for (const { data } of [without, withSpillway]) {
        assert.deepEqual(Array.from(data, ({ x }) => x), [-1, 0, 1]) // of this realm
        assert.ok(data.every(({ y }) => y >= 0 && y <= 100))
      }
    })

    it('draws four more charts from the figures', () => {
      const charts = draw(page).slice(1)
      assert.deepEqual(charts.map(({ id }) => id), ['useful', 'latency', 'failed', 'refused'])
      const [without, withSpillway] = charts[0].config.data.datasets
      for (const { data } of [without, withSpillway]) {
        assert.equal(data.length, 2)
        assert.ok(data.every(({ x, y }) => x > 0 && y >= 0))
      }
    })
  })

  it('fails with a message if the server cannot start', async () => {
    const broken = path.join(directory, 'broken.js')
    fs.writeFileSync(broken, "if (process.argv[1].includes('servers')) throw new Error('broken on purpose')")
    const { code, stdout, stderr } = await start(SHORT, { NODE_OPTIONS: `--require ${broken}` }).ended
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.match(stderr, /broken on purpose/)
    assert.match(stderr, /The demonstration failed: the server could not start: .*server\.js ended with code 1/)
  })

  for (const [args, message] of [
    [['--seconds', 'many'], /--seconds must be a number greater than 0; got 'many'/],
    [['--levels', '1,,2'], /--levels must be numbers greater than 0; got ''/],
    [['--second', '1'], /Unknown option '--second'/]
  ]) {
    it(`rejects ${args.join(' ')}`, async () => {
      const { code, stderr } = await start(args).ended
      assert.equal(code, 1)
      assert.match(stderr, message)
    })
  }

  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGKILL', null]]) {
    it(`leaves no process behind on ${signal}`, async () => {
      const { child, ended } = start(SHORT)
      await said(child.stderr, '2/7')
      child.kill(signal)
      assert.equal((await ended).code, code)
    })
  }
})

function said (stream, text) {
  let all = ''
  return new Promise(resolve => stream.on('data', chunk => {
    all += chunk
    if (all.includes(text)) resolve()
  }))
}
