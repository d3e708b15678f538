'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const http2 = require('node:http2')
const { once } = require('node:events')
const { guard } = require('../../lib/adapters/http.js')
const { hold } = require('../support/hold.js')
const { listen } = require('../support/listen.js')
const { kinds, FIRST_EVENT, kindNamed } = require('../support/servers.js')
const { connect } = require('../support/client.js')
const { connectHttp2 } = require('../support/http2-client.js')
const { LATE_MS, LIMIT_MS } = require('../support/late.js')
const { closeOpened, opened } = require('../support/opened.js')
const { until } = require('../support/until.js')
const { binding } = require('../../lib/native/binding.js')
const fallback = require('../../lib/native/fallback.js')

const EVENT_SOURCE = { Accept: 'text/event-stream' }

afterEach(closeOpened)

/** Waits until the gate and its admission controller count that many requests in flight. */
const inFlight = ({ gate }, count) => until(
  () => gate.stats().inFlight === count && placesTaken(gate) === count,
  () => `in flight: ${gate.stats().inFlight}, places taken: ${placesTaken(gate)}, expected ${count}`)

/** Counts the places taken in all classes of the admission controller. */
const placesTaken = (gate) => gate.snapshot().classes.reduce((sum, { inFlight }) => sum + inFlight, 0)

for (const kind of kinds) {
  describe(`maxInFlight in ${kind.name}`, () => {
    const statusOf = async (client, line, more) => (await client.send(line, more)).status

    it('refuses requests while that many are in flight, reports why, and reuses the place of an answered request', async () => {
      const told = []
      const site = await kind.start({ maxInFlight: 2, maxDelay: LIMIT_MS, retryAfter: 3, onShed: (info) => told.push(info) })
      const [a, b, c] = await Promise.all([connect(site.port), connect(site.port), connect(site.port)])
      const first = await hold(site, () => a.send('GET /hold'))
      const second = await hold(site, () => b.send('GET /hold'))
      const refused = await c.send('GET /')
      assert.equal(refused.status, 503)
      assert.equal(refused.headers['retry-after'], '3')
      assert.equal(told.length, 1)
      const { waitMs, delayLimitMs, ...rest } = told[0]
      assert.ok(waitMs >= 0 && waitMs < LATE_MS, `${waitMs} ms`)
      assert.ok(delayLimitMs >= LIMIT_MS, `${delayLimitMs} ms`)
      assert.deepEqual(rest, {
        reason: 'maxInFlight',
        count: 1,
        class: '*',
        source: binding.kernelWaits ? 'kernel' : 'loop',
        inFlight: 2,
        retryAfter: 3,
        dryRun: false
      })
      const { admitted, shed, shedBy, inFlight: present } = site.gate.stats()
      assert.deepEqual({ admitted, shed, shedBy, present },
        { admitted: 2, shed: 1, shedBy: { delay: 0, inFlight: 0, maxInFlight: 1, fairShare: 0, priority: 0, deadline: 0, handshake: 0, spill: 0 }, present: 2 })
      first.release()
      assert.equal((await first.answer).status, 200)
      await inFlight(site, 1)
      assert.equal(await statusOf(c, 'GET /'), 200)
      second.release()
      assert.equal((await second.answer).status, 200)
      await inFlight(site, 0)
    })

    it('works without maxDelay, and then reports an infinite delay limit', async () => {
      const told = []
      const site = await kind.start({ maxInFlight: 1, maxDelay: false, onShed: (info) => told.push(info) })
      const [a, b] = await Promise.all([connect(site.port), connect(site.port)])
      await hold(site, () => a.send('GET /hold'))
      const refused = await b.send('GET /')
      assert.equal(refused.status, 503)
      assert.equal(refused.headers['retry-after'], '1')
      assert.deepEqual(told.map(({ reason, delayLimitMs }) => [reason, delayLimitMs]), [['maxInFlight', Infinity]])
    })

    it('reuses the place of a request whose client leaves or whose handler fails', async () => {
      const site = await kind.start({ maxInFlight: 1 })
      for (let i = 0; i < 3; i++) {
        const gone = await connect(site.port)
        const { release } = await hold(site, () => gone.send('GET /hold'))
        const other = await connect(site.port)
        assert.equal(await statusOf(other, 'GET /'), 503)
        gone.destroy()
        release()
        await inFlight(site, 0)
        for (const path of ['/throw', '/reject']) {
          const failing = await connect(site.port)
          const answer = failing.send(`GET ${path}`)
          if (kind.name === 'http') await failing.closed
          else assert.equal((await answer).status, 500)
          await inFlight(site, 0)
        }
        assert.equal(await statusOf(other, 'GET /'), 200)
        await inFlight(site, 0)
      }
      const { admitted, shedBy } = site.gate.stats()
      assert.deepEqual({ admitted, shedBy }, { admitted: 12, shedBy: { delay: 0, inFlight: 0, maxInFlight: 3, fairShare: 0, priority: 0, deadline: 0, handshake: 0, spill: 0 } })
    })

    it('does not count refused requests in flight', async () => {
      const site = await kind.start({ maxInFlight: 1 })
      const [a, b] = await Promise.all([connect(site.port), connect(site.port)])
      const held = await hold(site, () => a.send('GET /hold'))
      for (let i = 0; i < 20; i++) assert.equal(await statusOf(b, 'GET /'), 503)
      await inFlight(site, 1)
      held.release()
      await held.answer
      await inFlight(site, 0)
      assert.equal(await statusOf(b, 'GET /'), 200)
      assert.equal(site.gate.stats().shedBy.maxInFlight, 20)
    })

    it('admits exempt requests, which take no place', async () => {
      const site = await kind.start({ maxInFlight: 1, exempt: ['/health', '/hold'] })
      const [a, b] = await Promise.all([connect(site.port), connect(site.port)])
      await hold(site, () => a.send('GET /hold'))
      assert.equal(await statusOf(b, 'GET /'), 200)
      const site2 = await kind.start({ maxInFlight: 1, exempt: '/health' })
      const [c, d] = await Promise.all([connect(site2.port), connect(site2.port)])
      await hold(site2, () => c.send('GET /hold'))
      assert.equal(await statusOf(d, 'GET /'), 503)
      assert.equal(await statusOf(d, 'GET /health'), 200)
    })

    it('refuses nothing in a dry run, but counts and reports the requests that it would refuse', async () => {
      const told = []
      const site = await kind.start({ maxInFlight: 1, dryRun: true, onShed: (info) => told.push(info) })
      const [a, b, c] = await Promise.all([connect(site.port), connect(site.port), connect(site.port)])
      const first = await hold(site, () => a.send('GET /hold'))
      const second = await hold(site, () => b.send('GET /hold'))
      b.destroy()
      second.release()
      await inFlight(site, 1)
      assert.equal(await statusOf(c, 'GET /'), 200)
      await until(() => site.gate.stats().inFlight === 1)
      assert.deepEqual(told.map(({ reason, dryRun }) => [reason, dryRun]), Array(2).fill(['maxInFlight', true]))
      const { admitted, shed, shedBy, wouldShed } = site.gate.stats()
      assert.deepEqual({ admitted, shed, shedBy, wouldShed },
        { admitted: 3, shed: 0, shedBy: { delay: 0, inFlight: 0, maxInFlight: 2, fairShare: 0, priority: 0, deadline: 0, handshake: 0, spill: 0 }, wouldShed: 2 })
      first.release()
      assert.equal((await first.answer).status, 200)
      await inFlight(site, 0)
      assert.equal(await statusOf(c, 'GET /'), 200)
      assert.equal(told.length, 2)
    })

    it('frees the place of a stream of server-sent events when it begins, but the gate counts it in flight', async () => {
      const site = await kind.start({ maxInFlight: 1 })
      const streams = await Promise.all([connect(site.port), connect(site.port)])
      for (const [i, stream] of streams.entries()) {
        stream.send('GET /events', { headers: [EVENT_SOURCE, { Accept: '*/*' }][i] })
        await until(() => stream.rest.includes(FIRST_EVENT))
      }
      assert.equal(site.gate.stats().inFlight, 2)
      assert.equal(placesTaken(site.gate), 0)
      const [a, b] = await Promise.all([connect(site.port), connect(site.port)])
      const held = await hold(site, () => a.send('GET /hold'))
      assert.equal(await statusOf(b, 'GET /'), 503)
      // Without a free place, streams are refused too.
      assert.equal(await statusOf(b, 'GET /events', { headers: EVENT_SOURCE }), 503)
      held.release()
      await held.answer
      for (const stream of streams) stream.destroy()
      await inFlight(site, 0)
      assert.equal(await statusOf(b, 'GET /'), 200)
    })

    it('gives a place to a request that accepts server-sent events but gets another answer', async () => {
      const site = await kind.start({ maxInFlight: 1 })
      const [a, b] = await Promise.all([connect(site.port), connect(site.port)])
      const held = await hold(site, () => a.send('GET /hold', { headers: EVENT_SOURCE }))
      assert.equal(await statusOf(b, 'GET /', { headers: EVENT_SOURCE }), 503)
      held.release()
      assert.equal((await held.answer).status, 200)
      await inFlight(site, 0)
      assert.equal(await statusOf(b, 'GET /', { headers: EVENT_SOURCE }), 200)
    })
  })

  describe(`the concurrency limit in ${kind.name}`, () => {
    const SERVICE_MS = 20
    const CLIENTS = 30

    it('finds how many requests can be served in time, one at a time, and refuses the rest', async () => {
      const told = []
      const site = await kind.start({ maxDelay: 100, onShed: (info) => told.push(info) })
      const queue = []
      const work = setInterval(() => queue.shift()?.(), SERVICE_MS)
      opened(() => clearInterval(work))
      site.events.on('hold', (release) => queue.push(release))

      // A single client reveals the no-load response time, and makes the route a class.
      const alone = await connect(site.port)
      for (let i = 0; i < 20; i++) assert.equal((await alone.send('GET /hold')).status, 200)
      assert.equal(told.length, 0)

      const over = new AbortController()
      opened(() => over.abort())
      async function keepAsking () {
        const client = await connect(site.port)
        while (!over.signal.aborted) {
          const { status } = await client.send('GET /hold')
          if (status === 503) await new Promise((resolve) => setTimeout(resolve, SERVICE_MS))
        }
      }
      const clients = Promise.all(Array.from({ length: CLIENTS }, keepAsking))
      // If the test fails, the connections close before the clients stop.
      clients.catch(() => {})
      await until(() => site.gate.stats().shedBy.inFlight >= 10)
      const info = told.find(({ reason }) => reason === 'inFlight')
      const { shedBy } = site.gate.stats()
      const limited = site.gate.snapshot().classes.find(({ class: name }) => name === info.class)
      over.abort()
      await clients
      assert.equal(info.class, 'GET /hold')
      assert.ok(info.inFlight >= 1 && info.inFlight <= CLIENTS, `${info.inFlight}`)
      assert.ok(shedBy.inFlight >= 10)
      assert.equal(shedBy.maxInFlight, 0)
      assert.notEqual(limited.state, 'free')
      assert.notEqual(limited.stateReason, 'start')
      assert.ok(limited.stateMs > 0 && limited.stateMs < 60_000, `${limited.stateMs} ms`)
      assert.ok(limited.queueMs >= 0 && limited.queueMs <= 100, `${limited.queueMs} ms`)
      assert.ok(limited.limit >= 1 && limited.limit < CLIENTS, `${limited.limit}`)
      assert.ok(limited.noLoadMs > 0 && limited.arrivalRate > limited.completionRate, JSON.stringify(limited))
      await inFlight(site, 0)
    })
  })
}

for (const kind of kinds.filter(({ name }) => ['koa 3', 'koa 2', 'http'].includes(name))) {
  it(`maxInFlight in ${kind.name} counts each stream of HTTP/2, and frees the place of a reset one`, async () => {
    const site = await kind.start({ maxInFlight: 1 }, { createServer: (listener) => http2.createServer(listener) })
    const client = await connectHttp2(site.port)
    const { answer: stream, release } = await hold(site, () => client.session.request({ ':path': '/hold' }).on('error', () => {}))
    assert.equal((await client.send('/')).status, 503)
    stream.close(http2.constants.NGHTTP2_CANCEL)
    release()
    await inFlight(site, 0)
    const events = client.session.request({ ':path': '/events', accept: 'text/event-stream' })
    events.on('error', () => {})
    await once(events, 'data')
    assert.equal((await client.send('/')).status, 200)
    assert.equal(site.gate.stats().shedBy.maxInFlight, 1)
  })
}

describe('maxInFlight', () => {
  const begin = (type) => (req, res) => res.writeHead(200, { 'Content-Type': type }).write(FIRST_EVENT)
  const streams = {
    'over HTTP/1.0 on a kept-alive connection': ['HTTP/1.0\r\nConnection: keep-alive', begin('text/event-stream')],
    'that is not chunked': ['HTTP/1.1\r\nHost: a', (req, res) => {
      res.removeHeader('Transfer-Encoding')
      begin('text/event-stream')(req, res)
    }],
    'whose content type has capital letters': ['HTTP/1.1\r\nHost: a', begin('Text/Event-Stream; charset=utf-8')]
  }
  for (const [how, [rest, handle]] of Object.entries(streams)) {
    it(`frees the place of a stream of server-sent events ${how}`, async () => {
      const server = http.createServer((req, res) => req.url === '/' ? res.end('ok') : handle(req, res))
      opened(guard(server, { maxInFlight: 1 }).close)
      await listen(server)
      for (let i = 0; i < 3; i++) {
        const { socket } = await connect(server.address().port)
        socket.write(`GET /events ${rest}\r\n\r\n`)
        assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1.1 200/)
      }
      assert.equal((await (await connect(server.address().port)).send('GET /')).status, 200)
    })
  }

  it('frees the places of any number of streams without a refusal', async () => {
    const site = await kindNamed('http').start({ maxInFlight: 2 })
    for (let i = 0; i < 200; i++) {
      const { socket } = await connect(site.port)
      socket.write('GET /events HTTP/1.1\r\nHost: a\r\n\r\n')
      await once(socket, 'data')
    }
    const { admitted, shed, inFlight } = site.gate.stats()
    assert.deepEqual({ admitted, shed, inFlight }, { admitted: 200, shed: 0, inFlight: 200 })
  })
})

describe('maxInFlight', () => {
  it('refuses an upgrade while no place is free, and gives an upgrade no place', async () => {
    const server = http.createServer()
    let release
    const held = new Promise((resolve) => {
      server.on('request', (req, res) => {
        if (req.url !== '/hold') return res.end('ok')
        release = () => res.end('ok')
        resolve()
      })
    })
    server.on('upgrade', (req, socket) => {
      socket.on('error', () => {})
      opened(() => socket.destroy())
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n')
    })
    const gate = guard(server, { maxInFlight: 1 })
    await listen(server)
    const { port } = server.address()
    const [a, b, c, d] = await Promise.all([connect(port), connect(port), connect(port), connect(port)])
    const UPGRADE = { headers: { Connection: 'Upgrade', Upgrade: 'test' } }
    assert.equal((await a.send('GET /', UPGRADE)).status, 101)
    b.send('GET /hold')
    await held
    assert.equal((await c.send('GET /', UPGRADE)).status, 503)
    release()
    await inFlight({ gate }, 0)
    assert.equal((await d.send('GET /', UPGRADE)).status, 101)
    assert.equal(gate.stats().shedBy.maxInFlight, 1)
  })
})

for (const [name, { createController }] of Object.entries({ native: binding, JavaScript: fallback })) {
  describe(`the places in the ${name} controller`, () => {
    const COMPLETED = 0
    const ABANDONED = 1
    const REFUSED = -3
    const isAdmitted = (controller) => controller.enter(0, 0, 0) >= 0

    it('are as many as maxInFlight, and can be reused', () => {
      const controller = createController(0, 2, 0, 0, 0, 0)
      assert.ok(isAdmitted(controller) && isAdmitted(controller))
      assert.equal(controller.enter(0, 0, 0), REFUSED)
      controller.leave(0, 1, ABANDONED)
      assert.ok(isAdmitted(controller))
      assert.equal(controller.enter(0, 0, 0), REFUSED)
    })

    it('are neither taken nor freed by requests that are refused in a dry run', () => {
      const controller = createController(0, 1, 0, 1, 0, 0)
      const entered = controller.enter(0, 0, 0)
      assert.ok(entered > 0)
      for (const outcome of [ABANDONED, COMPLETED]) {
        assert.equal(controller.enter(0, 0, 0), REFUSED)
        controller.leave(0, 0, outcome)
        assert.equal(controller.snapshotOf(0).inFlight, 1)
      }
      assert.equal(controller.enter(0, 0, 0), REFUSED, 'the first request still has its place')
      controller.leave(0, entered, COMPLETED)
      assert.equal(controller.snapshotOf(0).inFlight, 0)
      assert.equal(controller.forget(0), false, 'the refused request is still in flight')
      controller.leave(0, 0, COMPLETED)
      assert.equal(controller.forget(0), true)
      assert.ok(isAdmitted(controller))
    })
  })
}
