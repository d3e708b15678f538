'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const http2 = require('node:http2')
const { once } = require('node:events')
const { guard } = require('../../lib/adapters/http.js')
const { kinds, FIRST_EVENT } = require('../support/servers.js')
const { connect } = require('../support/client.js')
const { connectHttp2 } = require('../support/http2-client.js')
const { LIMIT_MS } = require('../support/late.js')
const { nextTurn } = require('../support/block.js')
const { closeOpened, opened } = require('../support/opened.js')
const { binding } = require('../../lib/native/binding.js')
const fallback = require('../../lib/native/fallback.js')

const LONGEST_SETTLING_MS = 15_000 // what a loaded machine may take; after that it hangs
const EVENT_SOURCE = { Accept: 'text/event-stream' }

afterEach(closeOpened)

/** Waits until a condition holds. */
async function until (condition, described) {
  const begin = Date.now()
  while (!condition()) {
    assert.ok(Date.now() - begin < LONGEST_SETTLING_MS, described?.() ?? String(condition))
    await nextTurn()
  }
}

/** Waits until the gate, and the admission controller behind it, count so many in flight. */
const inFlight = ({ gate }, count) => until(
  () => gate.stats().inFlight === count && placesTaken(gate) === count,
  () => `in flight: ${gate.stats().inFlight}, places taken: ${placesTaken(gate)}, expected ${count}`)

/** What the admission controller counts, of all classes. */
const placesTaken = (gate) => gate.snapshot().classes.reduce((sum, { inFlight }) => sum + inFlight, 0)

/** Sends a request that stays, and gives what answers it. */
async function hold (site, send) {
  const held = once(site.events, 'hold')
  const answer = send()
  const [release] = await held
  return { answer, release }
}

for (const kind of kinds) {
  describe(`maxInFlight in ${kind.name}`, () => {
    const statusOf = async (client, line, more) => (await client.send(line, more)).status

    it('refuses what comes while so many are in flight, says so, and gives the place of one that is answered', async () => {
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
      assert.ok(waitMs >= 0 && waitMs <= LIMIT_MS, `${waitMs} ms`)
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
        { admitted: 2, shed: 1, shedBy: { delay: 0, inFlight: 0, maxInFlight: 1, spill: 0 }, present: 2 })
      first.release()
      assert.equal((await first.answer).status, 200)
      await inFlight(site, 1)
      assert.equal(await statusOf(c, 'GET /'), 200)
      second.release()
      assert.equal((await second.answer).status, 200)
      await inFlight(site, 0)
    })

    it('holds also without maxDelay, of which info then says that any wait is allowed', async () => {
      const told = []
      const site = await kind.start({ maxInFlight: 1, maxDelay: false, onShed: (info) => told.push(info) })
      const [a, b] = await Promise.all([connect(site.port), connect(site.port)])
      await hold(site, () => a.send('GET /hold'))
      const refused = await b.send('GET /')
      assert.equal(refused.status, 503)
      assert.equal(refused.headers['retry-after'], '1')
      assert.deepEqual(told.map(({ reason, delayLimitMs }) => [reason, delayLimitMs]), [['maxInFlight', Infinity]])
    })

    it('gets the place of a request back whose client goes away before it is answered, and of one whose handler fails', async () => {
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
      assert.deepEqual({ admitted, shedBy }, { admitted: 12, shedBy: { delay: 0, inFlight: 0, maxInFlight: 3, spill: 0 } })
    })

    it('counts a refused request nowhere in flight, so that many refusals change nothing', async () => {
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

    it('lets exempt requests pass, which take no place', async () => {
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

    it('with dryRun counts and tells what it would refuse, and refuses nothing', async () => {
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
        { admitted: 3, shed: 0, shedBy: { delay: 0, inFlight: 0, maxInFlight: 2, spill: 0 }, wouldShed: 2 })
      first.release()
      assert.equal((await first.answer).status, 200)
      await inFlight(site, 0)
      assert.equal(await statusOf(c, 'GET /'), 200)
      assert.equal(told.length, 2)
    })

    it('takes the place of a stream of server-sent events back when it begins, however it was asked for, and counts it in flight', async () => {
      const site = await kind.start({ maxInFlight: 1 })
      const streams = await Promise.all([connect(site.port), connect(site.port)])
      for (const [i, stream] of streams.entries()) {
        stream.send('GET /events', { headers: [EVENT_SOURCE, { Accept: '*/*' }][i] })
        while (!stream.rest.includes(FIRST_EVENT)) await once(stream.socket, 'data')
      }
      assert.equal(site.gate.stats().inFlight, 2)
      assert.equal(placesTaken(site.gate), 0)
      const [a, b] = await Promise.all([connect(site.port), connect(site.port)])
      const held = await hold(site, () => a.send('GET /hold'))
      assert.equal(await statusOf(b, 'GET /'), 503)
      // Full, it takes no stream either.
      assert.equal(await statusOf(b, 'GET /events', { headers: EVENT_SOURCE }), 503)
      held.release()
      await held.answer
      for (const stream of streams) stream.destroy()
      await inFlight(site, 0)
      assert.equal(await statusOf(b, 'GET /'), 200)
    })

    it('gives a request that asks for server-sent events, and gets something else, a place like any other', async () => {
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

  describe(`the admission controller in flight in ${kind.name}`, () => {
    const SERVICE_MS = 20
    const CLIENTS = 30

    it('finds how many can be served in time, where one at a time is, and refuses the rest', async () => {
      const told = []
      const site = await kind.start({ maxDelay: 100, onShed: (info) => told.push(info) })
      const queue = []
      const work = setInterval(() => queue.shift()?.(), SERVICE_MS)
      opened(() => clearInterval(work))
      site.events.on('hold', (release) => queue.push(release))

      // Alone, one learns what a response takes that nothing holds up, and gets its route a class.
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
      // Where the test fails, their connections are closed under them.
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
      assert.equal(limited.enforcing, true)
      assert.ok(limited.limit >= 1 && limited.limit < CLIENTS, `${limited.limit}`)
      assert.ok(limited.noLoadMs > 0 && limited.arrivalRate > limited.completionRate, JSON.stringify(limited))
      await inFlight(site, 0)
    })
  })
}

for (const kind of kinds.filter(({ name }) => ['koa 3', 'koa 2', 'http'].includes(name))) {
  it(`maxInFlight in ${kind.name} counts each stream of HTTP/2, and frees the place of one that is reset`, async () => {
    const site = await kind.start({ maxInFlight: 1 }, { createServer: (listener) => http2.createServer(listener) })
    const client = await connectHttp2(site.port)
    const held = once(site.events, 'hold')
    const stream = client.session.request({ ':path': '/hold' })
    stream.on('error', () => {})
    const [release] = await held
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

describe('maxInFlight and streams of server-sent events', () => {
  const begin = (type) => (req, res) => res.writeHead(200, { 'Content-Type': type }).write(FIRST_EVENT)
  const streams = {
    'over HTTP/1.0, on a connection that is to stay': ['HTTP/1.0\r\nConnection: keep-alive', begin('text/event-stream')],
    'without chunks': ['HTTP/1.1\r\nHost: a', (req, res) => {
      res.removeHeader('Transfer-Encoding')
      begin('text/event-stream')(req, res)
    }],
    'in capital letters': ['HTTP/1.1\r\nHost: a', begin('Text/Event-Stream; charset=utf-8')]
  }
  for (const [how, [rest, handle]] of Object.entries(streams)) {
    it(`takes their places back: ${how}`, async () => {
      const server = http.createServer((req, res) => req.url === '/' ? res.end('ok') : handle(req, res))
      opened(guard(server, { maxInFlight: 1 }).close)
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      opened(() => server.close())
      for (let i = 0; i < 3; i++) {
        const { socket } = await connect(server.address().port)
        socket.write(`GET /events ${rest}\r\n\r\n`)
        assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1.1 200/)
      }
      assert.equal((await (await connect(server.address().port)).send('GET /')).status, 200)
    })
  }

  it('takes them back without a refusal, however many there are', async () => {
    const site = await kinds.find(({ name }) => name === 'http').start({ maxInFlight: 2 })
    for (let i = 0; i < 200; i++) {
      const { socket } = await connect(site.port)
      socket.write('GET /events HTTP/1.1\r\nHost: a\r\n\r\n')
      await once(socket, 'data')
    }
    const { admitted, shed, inFlight } = site.gate.stats()
    assert.deepEqual({ admitted, shed, inFlight }, { admitted: 200, shed: 0, inFlight: 200 })
  })
})

describe('maxInFlight and upgrades', () => {
  it('refuses one while it is full, and gives it no place', async () => {
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
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    opened(() => server.close())
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
  describe(`places in the ${name} controller`, () => {
    const COMPLETED = 0
    const ABANDONED = 1
    const REFUSED = -3
    const isAdmitted = (controller) => controller.enter(0, 0, 0) >= 0

    it('are as many as maxInFlight, and come back', () => {
      const controller = createController(0, 2, 0, 0, 0)
      assert.ok(isAdmitted(controller) && isAdmitted(controller))
      assert.equal(controller.enter(0, 0, 0), REFUSED)
      controller.leave(0, 1, ABANDONED)
      assert.ok(isAdmitted(controller))
      assert.equal(controller.enter(0, 0, 0), REFUSED)
    })

    it('are not taken, and not freed, by what is refused and only observed', () => {
      const controller = createController(0, 1, 0, 1, 0)
      const entered = controller.enter(0, 0, 0)
      assert.ok(entered > 0)
      for (const outcome of [ABANDONED, COMPLETED]) {
        assert.equal(controller.enter(0, 0, 0), REFUSED)
        controller.leave(0, 0, outcome)
        assert.equal(controller.snapshotOf(0).inFlight, 1)
      }
      assert.equal(controller.enter(0, 0, 0), REFUSED, 'the first is still there')
      controller.leave(0, entered, COMPLETED)
      assert.equal(controller.snapshotOf(0).inFlight, 0)
      assert.equal(controller.forget(0), false, 'the one that was refused is present')
      controller.leave(0, 0, COMPLETED)
      assert.equal(controller.forget(0), true)
      assert.ok(isAdmitted(controller))
    })
  })
}
