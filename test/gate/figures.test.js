'use strict'

const assert = require('node:assert/strict')
const { hold } = require('../support/hold.js')
const { kinds } = require('../support/servers.js')
const { connect } = require('../support/client.js')
const { LATE_MS, LIMIT_MS, late } = require('../support/late.js')
const { needs } = require('../support/needs.js')
const { closeOpened } = require('../support/opened.js')
const { until, remains } = require('../support/until.js')
const { binding } = require('../../lib/native/binding.js')
const { NS_PER_MS } = require('../../lib/native/units.js')
const { GateFigures } = require('../../lib/gate/figures.js')

/** The kernel's figure may be one tick behind the clock. */
const LEAST_WAIT_MS = LATE_MS - 10

afterEach(closeOpened)

for (const kind of kinds) {
  describe(`the gate in ${kind.name},`, () => {
    const start = (options) => kind.start({ maxDelay: LIMIT_MS, ...options })

    describe('in its figures,', () => {
      it('counts requests by outcome in stats(), and keeps the last 32 waits', async () => {
        const site = await start({ exempt: '/health' })
        const client = await connect(site.port)
        const { load, ...counts } = site.gate.stats()
        assert.deepEqual(counts, {
          admitted: 0,
          exempt: 0,
          shed: 0,
          shedBy: { delay: 0, inFlight: 0, maxInFlight: 0, fairShare: 0, priority: 0, deadline: 0, handshake: 0, spill: 0 },
          wouldShed: 0,
          droppedConnections: 0,
          inFlight: 0,
          lastWaits: []
        })
        await late(() => client.send('GET /'))
        for (let i = 0; i < 31; i++) await client.send('GET /')
        await client.send('GET /health')
        const full = site.gate.stats()
        assert.equal(full.admitted, 31)
        assert.equal(full.exempt, 1)
        assert.equal(full.shed, 1)
        assert.deepEqual(full.shedBy, { delay: 1, inFlight: 0, maxInFlight: 0, fairShare: 0, priority: 0, deadline: 0, handshake: 0, spill: 0 })
        assert.equal(full.lastWaits.length, 32)
        assert.ok(full.lastWaits[0] >= LEAST_WAIT_MS)
        assert.ok(full.lastWaits.slice(1).every((waitMs) => waitMs >= 0 && waitMs < LEAST_WAIT_MS))
        await client.send('GET /')
        const { lastWaits } = site.gate.stats()
        assert.equal(lastWaits.length, 32)
        assert.ok(lastWaits.every((waitMs) => waitMs < LEAST_WAIT_MS), 'the oldest wait is forgotten')
      })

      it('returns its settings and measurements from snapshot()', async () => {
        const site = await start({ dryRun: true })
        const client = await connect(site.port)
        await hold(site, () => client.send('GET /hold'))
        const snapshot = site.gate.snapshot()
        assert.deepEqual(Object.keys(snapshot), [
          'backend', 'source', 'tickMs', 'maxDelay', 'dryRun', 'closed', 'lagMs', 'delayMs', 'meanTurnMs', 'utilization',
          'queueing', 'queueReason', 'queueStateMs', 'load', 'delayLimitMs', 'limits', 'classes', 'spill'])
        assert.equal(snapshot.maxDelay, LIMIT_MS)
        assert.equal(snapshot.dryRun, true)
        assert.equal(snapshot.closed, false)
        assert.equal(snapshot.queueing, false)
        assert.equal(snapshot.queueReason, 'start')
        assert.equal(snapshot.queueStateMs, 0)
        assert.ok(snapshot.delayLimitMs >= LIMIT_MS)
        assert.equal(snapshot.source, binding.kernelWaits ? 'kernel' : 'loop')
        for (const name of ['tickMs', 'lagMs', 'delayMs', 'meanTurnMs', 'utilization', 'delayLimitMs']) {
          assert.ok(Number.isFinite(snapshot[name]) && snapshot[name] >= 0, `${name}: ${snapshot[name]}`)
        }
        assert.equal(snapshot.classes.length, 1)
        const [shared] = snapshot.classes
        assert.deepEqual(Object.keys(shared), [
          'class', 'inFlight', 'state', 'stateReason', 'stateMs', 'limit', 'capacity', 'noLoadMs', 'queueMs', 'arrivalRate',
          'completionRate'])
        assert.equal(shared.class, '*')
        assert.equal(shared.inFlight, 1)
        assert.equal(shared.state, 'free')
        assert.equal(shared.stateReason, 'start')
      })

      it('reports a standing queue and a lower delay limit in snapshot() while even the shortest wait is long', async function () {
        needs(this, 'waits from the kernel', binding.kernelWaits)
        let atRefusal
        const site = await start()
        // Fewer late requests are not a queue.
        const clients = await Promise.all(Array.from({ length: 4 }, () => connect(site.port)))
        const responses = await late(() => clients.map((client) => client.send('GET /')))
        assert.deepEqual(responses.map(({ status }) => status), [503, 503, 503, 503])
        // The interval ends with the turn of these requests, or later.
        await until(() => {
          atRefusal = site.gate.snapshot()
          return atRefusal.queueing
        })
        assert.ok(atRefusal.delayLimitMs <= LIMIT_MS, `${atRefusal.delayLimitMs} ms`)
        assert.match(atRefusal.queueReason, / waits$/)
        assert.ok(atRefusal.load > 1 && atRefusal.queueStateMs < 15_000, `${atRefusal.load}, ${atRefusal.queueStateMs} ms`)
        await until(() => !site.gate.snapshot().queueing)
        assert.equal(site.gate.snapshot().queueReason, 'few refused')
        assert.ok(site.gate.snapshot().delayLimitMs > LIMIT_MS)
      })

      it('reports no delay limit in snapshot() if maxDelay is false', async () => {
        const site = await start({ maxDelay: false })
        const client = await connect(site.port)
        assert.equal((await late(() => client.send('GET /'))).status, 200)
        // The admission controller evaluates an interval every 100 ms.
        await remains(() => {
          const { queueing, delayLimitMs } = site.gate.snapshot()
          return !queueing && delayLimitMs === Infinity
        }, 150)
        assert.equal(site.gate.stats().admitted, 1)
      })
    })

    describe('after close(),', () => {
      it('admits every request, and close() may be called again', async () => {
        const site = await start({ exempt: '/health' })
        const client = await connect(site.port)
        assert.equal((await late(() => client.send('GET /'))).status, 503)
        site.gate.close()
        site.gate.close()
        assert.equal(site.gate.snapshot().closed, true)
        assert.equal((await late(() => client.send('GET /'))).status, 200)
        await client.send('GET /health')
        assert.deepEqual(counts(site), { admitted: 0, shed: 1, exempt: 0, wouldShed: 0 })
      })

      it('keeps counting the requests that were in flight', async () => {
        const site = await start()
        const client = await connect(site.port)
        const { answer, release } = await hold(site, () => client.send('GET /hold'))
        assert.equal(site.gate.stats().inFlight, 1)
        site.gate.close()
        assert.equal(site.gate.stats().inFlight, 1)
        release()
        await answer
        await client.send('GET /')
        assert.equal(site.gate.stats().inFlight, 0)
      })
    })
  })
}

describe('the last waits', () => {
  it('are at most 32, the oldest first', () => {
    const figures = new GateFigures({ maxDelay: 100, dryRun: false },
      { limits: { load: {} }, spill: { snapshot: () => ({ spilled: 0, handshakes: 0 }) }, refusals: { byReason: { delay: 0 } }, inFlight: { count: 0 } })
    for (let waitMs = 1; waitMs <= 3; waitMs++) figures.recordWait(waitMs * NS_PER_MS)
    assert.deepEqual(figures.stats(0).lastWaits, [1, 2, 3])
    for (let waitMs = 4; waitMs <= 40; waitMs++) figures.recordWait(waitMs * NS_PER_MS)
    assert.deepEqual(figures.stats(0).lastWaits, Array.from({ length: 32 }, (_, i) => i + 9))
  })
})

function counts (site) {
  const { admitted, shed, exempt, wouldShed } = site.gate.stats()
  return { admitted, shed, exempt, wouldShed }
}
