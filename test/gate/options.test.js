'use strict'

const assert = require('node:assert/strict')
const { block } = require('../support/block.js')
const { hold } = require('../support/hold.js')
const { kinds } = require('../support/servers.js')
const { connect } = require('../support/client.js')
const { LATE_MS, LIMIT_MS, late } = require('../support/late.js')
const { closeOpened } = require('../support/opened.js')
const { keepWarnings } = require('../support/warnings.js')
const { binding } = require('../../lib/native/binding.js')

/** The kernel's figure may be one tick behind the clock. */
const LEAST_WAIT_MS = LATE_MS - 10

afterEach(closeOpened)

for (const kind of kinds) {
  describe(`the gate in ${kind.name},`, () => {
    const start = (options) => kind.start({ maxDelay: LIMIT_MS, ...options })

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
  })
}

function counts (site) {
  const { admitted, shed, exempt, wouldShed } = site.gate.stats()
  return { admitted, shed, exempt, wouldShed }
}
