'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const { once } = require('node:events')
const fs = require('node:fs')
const http2 = require('node:http2')
const os = require('node:os')
const path = require('node:path')
const express = require('express')
const spillwayExpress = require('../../lib/adapters/express.js')
const { block, blockEachTurn, nextTurn } = require('../support/block.js')
const { hold } = require('../support/hold.js')
const { connectionsOf, listen } = require('../support/listen.js')
const { kinds } = require('../support/servers.js')
const { connect, connectTls } = require('../support/client.js')
const { connectHttp2 } = require('../support/http2-client.js')
const { LATE_MS, LIMIT_MS, late } = require('../support/late.js')
const { needs } = require('../support/needs.js')
const { closeOpened, opened } = require('../support/opened.js')
const { createTlsServer } = require('../support/tls.js')
const { until } = require('../support/until.js')
const { binding } = require('../../lib/native/binding.js')

/** The kernel's figure may be one tick behind the clock. */
const LEAST_WAIT_MS = LATE_MS - 10

const QUEUED = 40
/** The smallest maxDelay. */
const SHORTEST_MS = 20
const TURN_MS = 10
/** One is accepted in each turn, so the last one waits for one and a half times as long as any request may: 50 times maxDelay. */
const BURST = 150
/** So short that requests found by the loop's next poll have waited less than the kernel can measure. */
const SHORT_TURN_MS = 3
/** The last one waits for longer than any request may: 50 times maxDelay. */
const MANY_QUEUED = 400

afterEach(closeOpened)

for (const kind of kinds) {
  describe(`the wait of a request in ${kind.name}`, () => {
    function start (settings, options) {
      const told = []
      const onShed = (info) => told.push(info)
      return kind.start({ maxDelay: LIMIT_MS, onShed, ...options }, settings).then((site) => ({ site, told }))
    }

    it('comes from the kernel over TLS, too', async function () {
      needs(this, 'waits from the kernel', binding.kernelWaits)
      const { site, told } = await start({ createServer: createTlsServer })
      const client = await connectTls(site.port)
      assert.equal((await client.send('GET /')).status, 200)
      assert.equal((await late(() => client.send('GET /'))).status, 503)
      assert.equal((await client.send('GET /')).status, 200)
      assert.equal(told.length, 1)
      assert.equal(told[0].source, 'kernel')
      assert.ok(told[0].waitMs >= LEAST_WAIT_MS)
    })

    it('begins when its bytes arrive on a connection that the server has not read yet', async function () {
      needs(this, 'waits from the kernel', binding.kernelWaits)
      const { site, told } = await start()
      const clients = await Promise.all(Array.from({ length: 5 }, () => connect(site.port)))
      const answers = await late(() => clients.map((client) => client.send('GET /')))
      assert.deepEqual(answers.map(({ status }) => status), Array(5).fill(503))
      assert.ok(told.every(({ waitMs }) => waitMs >= LEAST_WAIT_MS))
    })

    it('includes the time in the accept queue even if every turn of the loop is short', async function () {
      needs(this, 'waits from the kernel', binding.kernelWaits)
      const { site, told } = await start({}, { spill: false, maxDelay: SHORTEST_MS })
      // A busy server: many turns, each far shorter than the limit.
      opened(blockEachTurn(TURN_MS))
      const clients = await Promise.all(Array.from({ length: BURST }, () => connect(site.port)))
      const answers = await Promise.all(clients.map((client) => client.send('GET /')))
      const statuses = answers.map(({ status }) => status)
      assert.ok(statuses.includes(200) && statuses.includes(503), statuses.join())
      const refused = statuses.filter((status) => status === 503).length
      assert.equal(told.length, refused)
      assert.ok(told.every(({ reason, source }) => reason === 'delay' && source === 'kernel'))
      assert.ok(told.some(({ waitMs }) => waitMs > LIMIT_MS))
      const { admitted, shed } = site.gate.stats()
      assert.deepEqual({ admitted, shed }, { admitted: BURST - refused, shed: refused })
    })

    for (const [what, head] of Object.entries({
      body: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n',
      'next request': 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
    })) {
      it(`includes the time in the accept queue even if the client keeps sending its ${what}`, async function () {
        needs(this, 'waits from the kernel', binding.kernelWaits)
        const { site, told } = await start({}, { spill: false, maxDelay: SHORTEST_MS })
        const clients = await Promise.all(Array.from({ length: QUEUED }, () => connect(site.port)))
        for (const { socket } of clients) socket.write(head)
        const work = setInterval(() => {
          block(TURN_MS)
          for (const { socket } of clients) socket.write('x')
        }, 1)
        opened(() => clearInterval(work))
        await until(() => site.gate.stats().admitted + told.length >= QUEUED)
        assert.ok(told.every(({ reason, source }) => reason === 'delay' && source === 'kernel'))
        // The wait is counted even if the gate excused it because the machine had paused.
        assert.ok(site.gate.stats().lastWaits.some((waitMs) => waitMs > LIMIT_MS))
      })
    }

    it('is the same for all requests that arrive at once on a connection', async function () {
      needs(this, 'waits from the kernel', binding.kernelWaits)
      const { site } = await start({}, { spill: false, maxDelay: SHORTEST_MS })
      const clients = await Promise.all(Array.from({ length: MANY_QUEUED }, () => connect(site.port)))
      opened(blockEachTurn(SHORT_TURN_MS))
      const answers = await Promise.all(clients.map((client) => Promise.all([client.send('GET /'), client.send('GET /')])))
      const refused = answers.filter(([{ status }]) => status === 503)
      assert.ok(refused.length > 0)
      const served = refused.filter(([, { status }]) => status === 200)
      // The limit moves a little from one request to the next.
      assert.ok(served.length <= 2, `${served.length} of ${refused.length} were served behind a request that was refused`)
    })

    it('does not include the time for which its connection was idle', async () => {
      const { site } = await start()
      const client = await connect(site.port)
      assert.equal((await client.send('GET /')).status, 200)
      block(LATE_MS)
      await nextTurn()
      assert.equal((await client.send('GET /')).status, 200)
      const { admitted, shed } = site.gate.stats()
      assert.deepEqual({ admitted, shed }, { admitted: 2, shed: 0 })
    })

    it('does not include the time for which its connection was idle after the accept queue', async function () {
      needs(this, 'waits from the kernel', binding.kernelWaits)
      const { site } = await start({}, { spill: false, maxDelay: SHORTEST_MS })
      await (await connect(site.port)).send('GET /')
      const clients = await Promise.all(Array.from({ length: QUEUED }, () => connect(site.port)))
      const stop = blockEachTurn(TURN_MS)
      opened(stop)
      await until(async () => await connectionsOf(site.server) > QUEUED)
      stop()
      await nextTurn()
      block(LATE_MS)
      await nextTurn()
      for (const client of clients) assert.equal((await client.send('GET /')).status, 200)
    })

    it("is the event loop's delay over a Unix socket", async () => {
      const to = { path: path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-')), 'socket') }
      opened(() => fs.rmSync(path.dirname(to.path), { recursive: true }))
      let isFirst = true
      const { site, told } = await start({ listen: to }, {
        maxInFlight: 1,
        exempt (request) {
          const wasFirst = isFirst && (request.url?.pathname ?? request.url) === '/health'
          if (wasFirst) {
            isFirst = false
            block(LATE_MS)
          }
          return wasFirst
        }
      })
      const clients = [await connect(to.path), await connect(to.path)]
      for (const client of clients) assert.equal((await client.send('GET /')).status, 200)
      // Both are readable when the loop polls next, so one of them waits for the other in that turn.
      const answers = await Promise.all(clients.map((client) => client.send('GET /health')))
      // That turn is also the pause that excuses the wait.
      assert.deepEqual(answers.map(({ status }) => status), [200, 200])
      const { admitted, exempt, lastWaits } = site.gate.stats()
      assert.deepEqual({ admitted, exempt }, { admitted: 3, exempt: 1 })
      assert.ok(lastWaits[2] >= LATE_MS, `${lastWaits}`)
      assert.deepEqual(told, [])
      await hold(site, () => clients[0].send('GET /hold'))
      assert.equal((await clients[1].send('GET /')).status, 503)
      assert.deepEqual(told.map(({ reason, source }) => [reason, source]), [['maxInFlight', 'loop']])
    })
  })
}

describe('a request behind slow middleware', () => {
  it('is judged by its wait before all middleware', async function () {
    needs(this, 'waits from the kernel', binding.kernelWaits)
    const gate = spillwayExpress({ maxDelay: LIMIT_MS })
    const app = express()
    app.use((req, res, next) => setTimeout(next, LATE_MS))
    app.use(gate)
    app.use((req, res) => res.send('ok'))
    const server = http.createServer(app)
    const client = await connect(await listen(server))
    assert.equal((await client.send('GET /')).status, 200)
    assert.equal((await late(() => client.send('GET /'))).status, 503)
    const { admitted, shed, lastWaits } = gate.stats()
    assert.deepEqual({ admitted, shed }, { admitted: 1, shed: 1 })
    assert.ok(lastWaits[0] < LEAST_WAIT_MS, `${lastWaits}`)
  })
})

for (const kind of kinds.filter(({ name }) => ['koa 3', 'koa 2', 'http'].includes(name))) {
  describe(`over HTTP/2, the gate in ${kind.name}`, () => {
    const start = async (options) => {
      const createServer = (listener) => http2.createServer(listener)
      const site = await kind.start({ maxDelay: LIMIT_MS, retryAfter: 9, ...options }, { createServer })
      return { site, client: await connectHttp2(site.port) }
    }

    it('refuses single streams, and keeps the session open', async function () {
      needs(this, 'waits from the kernel', binding.kernelWaits)
      const { site, client } = await start()
      assert.equal((await client.send('/')).status, 200)
      const refused = await client.sendLate('/')
      assert.equal(refused.status, 503)
      assert.equal(refused.headers['retry-after'], '9')
      assert.equal(refused.body, 'Service Unavailable')
      assert.equal((await client.send('/')).status, 200)
      const { admitted, shed, lastWaits } = site.gate.stats()
      assert.deepEqual({ admitted, shed }, { admitted: 2, shed: 1 })
      assert.ok(lastWaits[1] >= LEAST_WAIT_MS)
    })

    it('refuses a POST, and admits an exempt path', async function () {
      needs(this, 'waits from the kernel', binding.kernelWaits)
      const { site, client } = await start({ exempt: '/health' })
      assert.equal((await client.sendLate('/', { method: 'POST', body: 'x' })).status, 503)
      assert.equal((await client.sendLate('/health')).status, 200)
      assert.equal((await client.send('/', { method: 'POST', body: 'x' })).status, 200)
      const { admitted, shed, exempt } = site.gate.stats()
      assert.deepEqual({ admitted, shed, exempt }, { admitted: 1, shed: 1, exempt: 1 })
    })

    it('answers a request that expects 100-continue', async () => {
      const { site, client } = await start({ maxDelay: false })
      const stream = client.session.request({ ':path': '/', ':method': 'POST', expect: '100-continue' })
      await new Promise((resolve) => stream.once('continue', resolve))
      stream.end('x')
      const [headers] = await once(stream, 'response')
      assert.equal(headers[':status'], 200)
      assert.equal(site.gate.stats().admitted, 1)
    })
  })
}
