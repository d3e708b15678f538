'use strict'

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const { findPostgres } = require('../../bench/postgres.js')
const { needs } = require('../support/needs.js')
const { until } = require('../support/until.js')

const BENCH = path.join(__dirname, '..', '..', 'bench', 'overload')
const SHORT = ['--seconds', '1', '--warm-up', '0.3', '--time-out', '2']
const LONGEST_MS = 120_000 // the first run installs the client of the database

describe('the overload bench on PostgreSQL', function () {
  let directory

  this.timeout(LONGEST_MS)
  before(function () {
    needs(this, 'PostgreSQL', findPostgres() !== undefined)
    directory = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-'))
    // PostgreSQL's user must reach its own folder in there.
    fs.chmodSync(directory, 0o777)
  })
  after(() => directory && fs.rmSync(directory, { recursive: true }))

  /** Starts the bench with `directory` as the folder of temporary files. */
  function start (row) {
    const child = spawn(process.execPath, [BENCH, '--only', row, ...SHORT],
      { cwd: directory, env: { ...process.env, TMPDIR: directory } })
    const output = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr']) child[name].on('data', chunk => { output[name] += chunk })
    return { child, output, ended: once(child, 'exit') }
  }

  const databases = () => fs.readdirSync(directory).filter(name => name.startsWith('spillway-postgres-'))

  it('measures how many queries it answers, and leaves no database behind', async () => {
    const { output, ended } = start('postgres/express/guard/kept/0.8x')
    const [code] = await ended
    assert.equal(code, 0, output.stderr)
    const row = output.stdout.split('\n').find(line => line.startsWith('| postgres ')).split(' | ')
    assert.deepEqual(row.slice(1, 4), ['express', 'guard', 'kept'])
    const [capacity, served] = [Number(row[5]), Number(row[7])]
    // 10 connections and 20 ms allow 500.
    assert.ok(capacity > 50 && capacity <= 510, `${capacity} queries per second`)
    assert.ok(served > 0, `served ${served}`)
    assert.deepEqual(databases(), [])
  })

  for (const signal of ['SIGINT', 'SIGKILL']) {
    it(`leaves no database behind on ${signal}`, async () => {
      const { child, output, ended } = start('postgres/express/none/kept/0.8x')
      await until(() => output.stderr.includes('1/'), () => output.stderr, LONGEST_MS)
      const [folder] = databases()
      const pid = Number(fs.readFileSync(path.join(directory, folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0])
      child.kill(signal)
      await ended
      await until(() => databases().length === 0 && !isRunning(pid), () => `${databases()} ${pid}`)
    })
  }
})

function isRunning (pid) {
  return fs.existsSync(`/proc/${pid}`)
}
