'use strict'

const assert = require('node:assert/strict')
const startClient = require('../../bench/load')
const measure = require('../../bench/measure')
const startServer = require('../../bench/servers')
const { needs } = require('../support/needs.js')

const MOST_DISTURBED = 3

// The loads are shares of the capacity that was measured just before, with margins for a shared machine.
describe('the five lines of toobusy-js, on a real server with new connections,', function () {
  this.timeout(180_000)

  const load = { connections: 'new', timeoutMs: 3000 }
  let client
  let server
  let capacity

  /**
   * Measures again if the client was late or other processes had the server's core, as the benches do. Skips the test
   * after MOST_DISTURBED more such measurements.
   */
  async function measureUndisturbed (context, how) {
    for (let left = MOST_DISTURBED; left >= 0; left--) {
      const report = await measure(client, server, { ...load, ...how })
      if (report.invalid === null) return report
      console.log(`      disturbed: ${report.invalid}`)
    }
    needs(context, 'an undisturbed machine', false)
  }

  const offer = (context, times) => measureUndisturbed(context, { mode: 'open', rate: times * capacity, warmupMs: 3000, durationMs: 3000 })

  before(async function () {
    if (process.platform !== 'linux') return
    client = startClient()
    server = await startServer({ framework: 'express', workload: 'cpu-steps' })
    const { perSecond } = await measureUndisturbed(this, { mode: 'closed', clients: 4, warmupMs: 500, durationMs: 2000 })
    capacity = perSecond.ok
    await server.stop()
    server = await startServer({ framework: 'express', workload: 'cpu-steps', protection: 'toobusy' })
  })

  beforeEach(function () {
    needs(this, 'Linux', process.platform === 'linux')
  })

  after(async () => {
    await client?.stop()
    await server?.stop()
  })

  it('serve at a quarter of the capacity', async function () {
    const report = await offer(this, 0.25)
    // While other processes use the machine, the loop is sometimes late.
    assert.ok(report.refused <= report.offered / 4, JSON.stringify(report))
    assert.equal(report.failed, 0)
  })

  it('shed at four times the capacity, and keep answering in time', async function () {
    const report = await offer(this, 4)
    assert.ok(report.refused > report.offered / 4, JSON.stringify(report))
    assert.ok(report.failed < report.offered / 50, JSON.stringify(report))
    // An unprotected server answers no request in time.
    assert.ok(report.ok > 0 && report.useful > report.ok / 2, JSON.stringify(report))
  })
})
