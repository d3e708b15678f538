'use strict'

const assert = require('node:assert/strict')
const { block } = require('../support/block.js')
const { hold } = require('../support/hold.js')
const { kinds } = require('../support/servers.js')
const { connect } = require('../support/client.js')
const { LATE_MS, LIMIT_MS, late } = require('../support/late.js')
const { needs } = require('../support/needs.js')
const { closeOpened } = require('../support/opened.js')
const { until, remains } = require('../support/until.js')
const { keepWarnings } = require('../support/warnings.js')
const { binding } = require('../../lib/native/binding.js')
const { GateFigures } = require('../../lib/gate/figures.js')
const { retryAfterSeconds } = require('../../lib/gate/refusal.js')

const LARGE_BODY = 'x'.repeat(900_000)

/** The kernel's figure may be one tick behind the clock. */
const LEAST_WAIT_MS = LATE_MS - 10

afterEach(closeOpened)

for (const kind of kinds) {
  describe(`the gate in ${kind.name},`, () => {
    const start = (options) => kind.start({ maxDelay: LIMIT_MS, ...options })

    describe('when it refuses a request,', () => {
      it('answers 503 with Retry-After and a message, and keeps the connection open', async () => {
        const site = await start()
        const client = await connect(site.port)
        const refused = await late(() => client.send('GET /'))
        assert.equal(refused.status, 503)
        assert.match(refused.headers['retry-after'], /^\d+$/)
        assert.ok(refused.headers['retry-after'] >= 1 && refused.headers['retry-after'] <= 60)
        assert.equal(messageOf(refused), 'Service Unavailable')
        assert.notEqual(refused.headers.connection, 'close')
        const admitted = await client.send('GET /')
        assert.equal(admitted.status, 200)
        assert.equal(admitted.body, 'ok')
      })

      it('sends the message and the Retry-After that are set', async () => {
        const site = await start({ message: 'trop occupé', retryAfter: 7 })
        const client = await connect(site.port)
        const refused = await late(() => client.send('GET /'))
        assert.equal(refused.headers['retry-after'], '7')
        assert.equal(messageOf(refused), 'trop occupé')
      })

      it('accepts an empty message and a retryAfter of 0', async () => {
        const site = await start({ message: '', retryAfter: 0 })
        const client = await connect(site.port)
        const refused = await late(() => client.send('GET /'))
        assert.equal(refused.status, 503)
        assert.equal(refused.headers['retry-after'], '0')
      })

      it('answers a HEAD without a body, and the connection stays usable', async () => {
        const site = await start()
        const client = await connect(site.port)
        const refused = await late(() => client.send('HEAD /'))
        assert.equal(refused.status, 503)
        assert.ok('retry-after' in refused.headers)
        const admitted = await client.send('GET /')
        assert.equal(admitted.status, 200)
        assert.equal(admitted.body, 'ok')
      })

      it('leaves the connection of a POST usable', async () => {
        const site = await start()
        const client = await connect(site.port)
        const refused = await late(() => client.send('POST /', { body: 'x' }))
        assert.equal(refused.status, 503)
        const admitted = await client.send('POST /', { body: 'y' })
        assert.equal(admitted.status, 200)
        assert.equal(site.gate.stats().shed, 1)
      })

      it('leaves the connection of a POST usable if its body comes after the answer', async () => {
        const site = await start()
        const client = await connect(site.port)
        const headers = { 'Content-Length': String(LARGE_BODY.length + 1) }
        const refused = await late(() => client.send('POST /', { headers, body: 'x' }))
        assert.equal(refused.status, 503)
        // Hapi always closes a connection whose payload it has not read.
        if (kind.name === 'hapi') return
        client.socket.write(LARGE_BODY)
        const admitted = await client.send('POST /', { body: 'y' })
        assert.equal(admitted.status, 200)
        assert.equal(site.gate.stats().shed, 1)
      })

      it('closes the connection if the client asked for it', async () => {
        const site = await start()
        const client = await connect(site.port)
        const refused = await late(() => client.send('GET /', { headers: { Connection: 'close' } }))
        assert.equal(refused.status, 503)
        assert.equal(refused.headers.connection, 'close')
        await client.closed
      })

      it('also refuses requests that expect 100-continue', async () => {
        const site = await start()
        const client = await connect(site.port)
        const more = { headers: { Expect: '100-continue' }, body: 'x' }
        const refused = await late(() => client.send('POST /', more))
        assert.equal(refused.status, 503)
        // Node closes the connection if it has not asked for the body, as with Hapi.
        const next = refused.headers.connection === 'close' ? await connect(site.port) : client
        const admitted = await next.send('POST /', more)
        assert.equal(admitted.status, 200)
        assert.deepEqual(counts(site), { admitted: 1, shed: 1, exempt: 0, wouldShed: 0 })
      })

      it('refuses all late requests of several connections, and none that arrives afterwards', async () => {
        const site = await start()
        const clients = await Promise.all([connect(site.port), connect(site.port), connect(site.port)])
        const refused = await late(() => clients.flatMap((client) => [client.send('GET /'), client.send('GET /health')]))
        assert.deepEqual(refused.map(({ status }) => status), Array(6).fill(503))
        const admitted = await Promise.all(clients.map((client) => client.send('GET /')))
        assert.deepEqual(admitted.map(({ status }) => status), [200, 200, 200])
        assert.deepEqual(counts(site), { admitted: 3, shed: 6, exempt: 0, wouldShed: 0 })
      })

      it("refuses unknown routes, and targets of every form that Node's parser accepts", async () => {
        const site = await start({ exempt: ['/health', '/live*'] })
        const lines = ['GET /nowhere', 'GET /%zz', 'GET //', 'GET /?', 'GET /a?b=/health', 'GET http://localhost/',
          'GET http://localhost', 'OPTIONS *', 'GET /%00', 'GET http://', 'GET http://[/', 'GET /health%', 'GET ?/health']
        const clients = await Promise.all(lines.map(() => connect(site.port)))
        const answers = await late(() => lines.map((line, i) => clients[i].send(line).catch(String)))
        for (const [i, line] of lines.entries()) {
          // Node's parser or a router may reject a target before the gate is asked.
          assert.ok([503, 400, 404].includes(answers[i].status), `${line}: ${JSON.stringify(answers[i])}`)
        }
        assert.ok(answers.filter(({ status }) => status === 503).length >= 8)
        assert.equal((await clients[0].send('GET /')).status, 200)
      })
    })

    describe('with the option maxDelay,', () => {
      it('admits a request that waited because the loop paused', async () => {
        const site = await start()
        const client = await connect(site.port)
        await client.send('GET /')
        const answer = client.send('GET /')
        block(LATE_MS)
        assert.equal((await answer).status, 200)
        const { admitted, lastWaits } = site.gate.stats()
        assert.equal(admitted, 2)
        if (binding.kernelWaits) assert.ok(lastWaits[1] >= LEAST_WAIT_MS, `${lastWaits[1]} ms`)
      })

      it('refuses nothing if it is false', async () => {
        const site = await start({ maxDelay: false })
        const client = await connect(site.port)
        assert.equal((await late(() => client.send('GET /'))).status, 200)
        assert.equal(site.gate.stats().admitted, 1)
        assert.ok(site.gate.stats().lastWaits[0] >= LEAST_WAIT_MS)
      })

      it('admits a request that waited less than maxDelay', async () => {
        const site = await start({ maxDelay: 60_000 })
        const client = await connect(site.port)
        assert.equal((await late(() => client.send('GET /'))).status, 200)
        assert.ok(site.gate.stats().lastWaits[0] >= LEAST_WAIT_MS)
      })
    })

    describe('with the option exempt,', () => {
      /** Collects the statuses of late requests, each on its own connection. */
      async function statusesOf (site, ...lines) {
        const clients = await Promise.all(lines.map(() => connect(site.port)))
        const answers = await late(() => lines.map((line, i) => clients[i].send(line)))
        return answers.map(({ status }) => status)
      }

      it('admits a path with any query and method', async () => {
        const site = await start({ exempt: '/health' })
        assert.deepEqual(
          await statusesOf(site, 'GET /health', 'GET /health?deep=1&x=/', 'HEAD /health', 'GET /health/deep', 'GET /', 'GET /?/health'),
          [200, 200, 200, 503, 503, 503])
        assert.deepEqual(counts(site), { admitted: 0, shed: 3, exempt: 3, wouldShed: 0 })
      })

      it('compares the path as the client sent it, with case, trailing slash and encoding', async () => {
        const site = await start({ exempt: '/health' })
        assert.deepEqual(
          await statusesOf(site, 'GET /health/', 'GET /Health', 'GET /he%61lth', 'GET //health', 'GET /x/../health', 'GET /healthy'),
          Array(6).fill(503))
      })

      it('finds the path in a target with scheme and host', async () => {
        const site = await start({ exempt: ['/health', '/*'] })
        assert.deepEqual(
          await statusesOf(site, 'GET http://localhost/health', 'GET http://localhost:80/health?x', 'GET HTTPS://localhost/'),
          [200, 200, 200])
        assert.equal(site.gate.stats().exempt, 3)
      })

      it('admits any path of an array, in which a final * matches any ending', async () => {
        const site = await start({ exempt: ['/', '/health*'] })
        assert.deepEqual(
          await statusesOf(site, 'GET /', 'GET /health', 'GET /health/deep?x', 'GET /hold'),
          [200, 200, 200, 503])
        assert.deepEqual(counts(site), { admitted: 0, shed: 1, exempt: 3, wouldShed: 0 })
      })

      it("calls a function with the framework's own request, and admits it for any truthy result", async () => {
        const given = []
        const site = await start({
          exempt: (request) => {
            given.push(request)
            return /health/.exec(request.url?.pathname ?? request.url)
          }
        })
        assert.deepEqual(await statusesOf(site, 'GET /health', 'GET /'), [200, 503])
        assert.deepEqual(counts(site), { admitted: 0, shed: 1, exempt: 1, wouldShed: 0 })
        assert.equal(given.length, 2)
        for (const request of given) assert.ok(kind.isRequest(request, site))
      })

      it('counts exempt requests separately even if they were not late', async () => {
        const site = await start({ exempt: '/health' })
        const client = await connect(site.port)
        await client.send('GET /health')
        assert.deepEqual(counts(site), { admitted: 0, shed: 0, exempt: 1, wouldShed: 0 })
        assert.deepEqual(site.gate.stats().lastWaits, [])
      })

      for (const [fault, exempt] of [
        ['throws', () => { throw new Error('broken exempt') }],
        ['returns a promise', async () => { throw new Error('broken exempt') }]
      ]) {
        it(`exempts nothing if it ${fault}, and emits one process warning`, async () => {
          const site = await start({ exempt })
          const warnings = keepWarnings()
          const client = await connect(site.port)
          const answers = await late(() => [client.send('GET /health'), client.send('GET /')])
          assert.deepEqual(answers.map(({ status }) => status), [503, 503])
          assert.equal((await client.send('GET /')).status, 200)
          assert.deepEqual(await warnings(), ['SPILLWAY_EXEMPT'])
        })
      }
    })

    describe('in a dry run,', () => {
      it('admits every request, and reports those that it would have refused', async () => {
        const told = []
        const site = await start({ dryRun: true, onShed: (info) => told.push(info) })
        const client = await connect(site.port)
        assert.equal((await late(() => client.send('GET /'))).status, 200)
        assert.equal((await client.send('GET /')).status, 200)
        assert.deepEqual(counts(site), { admitted: 2, shed: 0, exempt: 0, wouldShed: 1 })
        assert.equal(told.length, 1)
        assert.equal(told[0].dryRun, true)
      })

      it('counts the requests that it would have refused in flight', async () => {
        const site = await start({ dryRun: true })
        const client = await connect(site.port)
        const { answer, release } = await hold(site, () => late(() => client.send('GET /hold')))
        assert.equal(site.gate.stats().inFlight, 1)
        release()
        assert.equal((await answer).status, 200)
      })
    })

    describe('with the option onShed,', () => {
      it("calls it with the reason and the framework's own request", async () => {
        const told = []
        const site = await start({ retryAfter: 3, onShed: (info, request) => told.push({ info, request }) })
        const client = await connect(site.port)
        await late(() => client.send('GET /'))
        assert.equal(told.length, 1)
        const [{ info, request }] = told
        const { waitMs, delayLimitMs, ...rest } = info
        assert.ok(waitMs >= LEAST_WAIT_MS, `${waitMs} ms`)
        assert.ok(delayLimitMs >= LIMIT_MS && delayLimitMs < waitMs, `${delayLimitMs} ms`)
        assert.deepEqual(rest, {
          reason: 'delay',
          count: 1,
          class: '*',
          source: binding.kernelWaits ? 'kernel' : 'loop',
          inFlight: 0,
          retryAfter: 3,
          dryRun: false
        })
        assert.ok(kind.isRequest(request, site))
      })

      it('does not call it for admitted requests', async () => {
        const told = []
        const site = await start({ exempt: '/health', onShed: (info) => told.push(info) })
        const client = await connect(site.port)
        await late(() => client.send('GET /health'))
        await client.send('GET /')
        assert.deepEqual(told, [])
        assert.deepEqual(counts(site), { admitted: 1, shed: 0, exempt: 1, wouldShed: 0 })
      })

      for (const [fault, onShed] of [
        ['throws', () => { throw new Error('broken onShed') }],
        ['rejects', async () => { throw new Error('broken onShed') }]
      ]) {
        it(`refuses as usual if it ${fault}, and emits one process warning`, async () => {
          const site = await start({ onShed })
          const warnings = keepWarnings()
          const client = await connect(site.port)
          const answers = await late(() => [client.send('GET /'), client.send('GET /')])
          assert.deepEqual(answers.map(({ status }) => status), [503, 503])
          assert.deepEqual(await warnings(), ['SPILLWAY_ON_SHED'])
          assert.equal(site.gate.stats().shed, 2)
        })
      }
    })

    describe('in its figures,', () => {
      it('counts requests by outcome in stats(), and keeps the last 32 waits', async () => {
        const site = await start({ exempt: '/health' })
        const client = await connect(site.port)
        const { load, ...counts } = site.gate.stats()
        assert.deepEqual(counts, {
          admitted: 0,
          exempt: 0,
          shed: 0,
          shedBy: { delay: 0, inFlight: 0, maxInFlight: 0, spill: 0 },
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
        assert.deepEqual(full.shedBy, { delay: 1, inFlight: 0, maxInFlight: 0, spill: 0 })
        assert.equal(full.lastWaits.length, 32)
        assert.ok(full.lastWaits[0] >= LEAST_WAIT_MS)
        assert.ok(full.lastWaits.slice(1).every((waitMs) => waitMs >= 0 && waitMs <= LIMIT_MS))
        await client.send('GET /')
        const { lastWaits } = site.gate.stats()
        assert.equal(lastWaits.length, 32)
        assert.ok(lastWaits.every((waitMs) => waitMs <= LIMIT_MS), 'the oldest wait is forgotten')
      })

      it('returns its settings and measurements from snapshot()', async () => {
        const site = await start({ dryRun: true })
        const client = await connect(site.port)
        await hold(site, () => client.send('GET /hold'))
        const snapshot = site.gate.snapshot()
        assert.deepEqual(Object.keys(snapshot), [
          'backend', 'source', 'tickMs', 'maxDelay', 'dryRun', 'closed', 'lagMs', 'delayMs', 'meanTurnMs', 'utilization',
          'queueing', 'delayLimitMs', 'limits', 'classes', 'spill'])
        assert.equal(snapshot.maxDelay, LIMIT_MS)
        assert.equal(snapshot.dryRun, true)
        assert.equal(snapshot.closed, false)
        assert.equal(snapshot.queueing, false)
        assert.ok(snapshot.delayLimitMs >= LIMIT_MS)
        assert.equal(snapshot.source, binding.kernelWaits ? 'kernel' : 'loop')
        for (const name of ['tickMs', 'lagMs', 'delayMs', 'meanTurnMs', 'utilization', 'delayLimitMs']) {
          assert.ok(Number.isFinite(snapshot[name]) && snapshot[name] >= 0, `${name}: ${snapshot[name]}`)
        }
        assert.equal(snapshot.classes.length, 1)
        const [shared] = snapshot.classes
        assert.deepEqual(Object.keys(shared), [
          'class', 'inFlight', 'enforcing', 'limit', 'capacity', 'noLoadMs', 'arrivalRate', 'completionRate'])
        assert.equal(shared.class, '*')
        assert.equal(shared.inFlight, 1)
        assert.equal(shared.enforcing, false)
      })

      it('reports a standing queue and a lower delay limit in snapshot() while even the shortest wait is long', async function () {
        needs(this, 'waits from the kernel', binding.kernelWaits)
        let atRefusal
        const site = await start()
        const client = await connect(site.port)
        assert.equal((await late(() => client.send('GET /'))).status, 503)
        // The interval ends with that request's turn, or later.
        await until(() => {
          atRefusal = site.gate.snapshot()
          return atRefusal.queueing
        })
        assert.ok(atRefusal.delayLimitMs <= LIMIT_MS, `${atRefusal.delayLimitMs} ms`)
        await until(() => !site.gate.snapshot().queueing)
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
      { limits: { load: {} }, spill: { spilled: 0 }, refusals: { byReason: { delay: 0 } }, inFlight: { count: 0 } })
    for (let waitMs = 1; waitMs <= 3; waitMs++) figures.recordWait(waitMs)
    assert.deepEqual(figures.stats(0).lastWaits, [1, 2, 3])
    for (let waitMs = 4; waitMs <= 40; waitMs++) figures.recordWait(waitMs)
    assert.deepEqual(figures.stats(0).lastWaits, Array.from({ length: 32 }, (_, i) => i + 9))
  })
})

describe("retryAfter 'auto'", () => {
  const random = Math.random
  afterEach(() => { Math.random = random })

  /** The shortest and the longest random choice. */
  const bounds = (over) => [0, 1 - Number.EPSILON].map((chance) => {
    Math.random = () => chance
    return retryAfterSeconds('auto', over)
  })

  it('grows with the amount by which the request exceeded the limit, and varies by half of that in either direction', () => {
    assert.deepEqual(bounds(1.01), [1, 2])
    assert.deepEqual(bounds(10), [5, 15])
    assert.deepEqual(bounds(20), [10, 30])
  })

  it('is a whole number from 1 to 60', () => {
    assert.deepEqual(bounds(1000), [60, 60])
    assert.ok(bounds(1)[0] >= 1)
    Math.random = random
    for (let over = 1; over < 200; over += 0.97) {
      const seconds = retryAfterSeconds('auto', over)
      assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60)
    }
  })
})

function messageOf (answer) {
  const isJson = answer.headers['content-type'].startsWith('application/json')
  return isJson ? JSON.parse(answer.body).message : answer.body
}

function counts (site) {
  const { admitted, shed, exempt, wouldShed } = site.gate.stats()
  return { admitted, shed, exempt, wouldShed }
}
