'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const http2 = require('node:http2')
const { once } = require('node:events')
const express = require('express')
const { guard } = require('../../lib/adapters/http.js')
const spillwayExpress = require('../../lib/adapters/express.js')
const { nextTurn } = require('../support/block.js')
const { connect } = require('../support/client.js')
const { connectHttp2 } = require('../support/http2-client.js')
const { LIMIT_MS, late } = require('../support/late.js')
const { listen, connectionsOf } = require('../support/listen.js')
const { closeOpened, opened } = require('../support/opened.js')
const { until } = require('../support/until.js')
const { keepWarnings } = require('../support/warnings.js')

const maxDelay = LIMIT_MS
const UPGRADE = { Connection: 'Upgrade', Upgrade: 'test' }

afterEach(closeOpened)

describe('guard()', () => {
  it('decides before any listener sees the request', async () => {
    const seen = []
    const server = http.createServer((req, res) => { seen.push(req.url); res.end('ok') })
    const gate = guard(server, { maxDelay })
    const client = await connect(await listen(server))
    assert.equal((await late(() => client.send('GET /late'))).status, 503)
    assert.equal((await client.send('GET /in-time')).status, 200)
    assert.deepEqual(seen, ['/in-time'])
    gate.close()
  })

  it('covers listeners that are added later', async () => {
    const server = http.createServer()
    guard(server, { maxDelay })
    const client = await connect(await listen(server))
    server.on('request', (req, res) => res.end('late listener'))
    assert.equal((await late(() => client.send('GET /'))).status, 503)
    assert.equal((await client.send('GET /')).body, 'late listener')
  })

  it('covers checkContinue and checkExpectation, and sends no 100 Continue when it refuses', async () => {
    const seen = []
    const server = http.createServer((req, res) => res.end('ok'))
    server.on('checkContinue', (req, res) => { seen.push('checkContinue'); res.writeContinue(); res.end('ok') })
    server.on('checkExpectation', (req, res) => { seen.push('checkExpectation'); res.end('ok') })
    const gate = guard(server, { maxDelay })
    const clients = [await connect(await listen(server)), await connect(server.address().port)]
    const refused = await late(() => [
      clients[0].send('POST /', { headers: { Expect: '100-continue', 'Content-Length': '1' } }),
      clients[1].send('GET /', { headers: { Expect: 'more' } })
    ])
    assert.deepEqual(refused.map(({ status }) => status), [503, 503])
    assert.deepEqual(seen, [])
    const next = await connect(server.address().port)
    assert.equal((await next.send('POST /', { headers: { Expect: '100-continue' }, body: 'x' })).status, 200)
    assert.equal((await next.send('GET /', { headers: { Expect: 'more' } })).status, 200)
    assert.deepEqual(seen, ['checkContinue', 'checkExpectation'])
    const { shed, admitted } = gate.stats()
    assert.deepEqual({ shed, admitted }, { shed: 2, admitted: 2 })
  })

  it('counts a request once if there is middleware behind it, even an exempt one', async () => {
    const middleware = spillwayExpress({ maxDelay })
    const server = http.createServer(express().use(middleware).use((req, res) => res.send('ok')))
    const gate = guard(server, { maxDelay, exempt: '/health' })
    const client = await connect(await listen(server))
    const answers = await late(() => [client.send('GET /'), client.send('GET /health')])
    assert.deepEqual(answers.map(({ status }) => status), [503, 200])
    assert.equal((await client.send('GET /')).status, 200)
    const { admitted, shed, exempt } = gate.stats()
    assert.deepEqual({ admitted, shed, exempt }, { admitted: 1, shed: 1, exempt: 1 })
    const { load, ...counts } = middleware.stats()
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
    gate.close()
    assert.equal((await late(() => client.send('GET /'))).status, 503, 'the middleware alone judges requests now')
    middleware.close()
  })

  describe('called twice', () => {
    it('throws for the same server, and leaves the first gate unchanged', async () => {
      const server = http.createServer((req, res) => res.end('ok'))
      const gate = guard(server, { maxDelay })
      assert.throws(() => guard(server), new Error('spillway/http: this server is already guarded; call close() on its gate first'))
      const client = await connect(await listen(server))
      assert.equal((await late(() => client.send('GET /'))).status, 503)
      assert.equal(gate.stats().shed, 1)
    })

    it('works after close(), and closing the first gate again does not undo the second', async () => {
      const server = http.createServer((req, res) => res.end('ok'))
      const first = guard(server, { maxDelay })
      first.close()
      const second = guard(server, { maxDelay })
      first.close()
      assert.throws(() => guard(server), /already guarded/)
      const client = await connect(await listen(server))
      assert.equal((await late(() => client.send('GET /'))).status, 503)
      assert.deepEqual([first, second].map((gate) => gate.stats().shed), [0, 1])
      second.close()
      assert.equal((await late(() => client.send('GET /'))).status, 200)
    })

    it('does not mark a server as guarded if its options are invalid', () => {
      const server = http.createServer()
      assert.throws(() => guard(server, { maxDelay: 1 }), RangeError)
      assert.equal(Object.hasOwn(server, 'emit'), false)
      guard(server).close()
    })
  })

  describe('replaces server.emit, and', () => {
    /** Acts like a tracer: sees each event, and passes it on. */
    function trace (server, heard) {
      const { emit } = server
      const traced = function (event, ...args) {
        if (event === 'request') heard.push(args[0].url)
        return emit.call(this, event, ...args)
      }
      server.emit = traced
      return traced
    }

    it("restores the prototype's", () => {
      const server = http.createServer()
      const gate = guard(server)
      assert.equal(Object.hasOwn(server, 'emit'), true)
      gate.close()
      assert.equal(Object.hasOwn(server, 'emit'), false)
    })

    it('restores one that was patched before', async () => {
      const heard = []
      const server = http.createServer((req, res) => res.end('ok'))
      const traced = trace(server, heard)
      const gate = guard(server, { maxDelay })
      const client = await connect(await listen(server))
      assert.equal((await late(() => client.send('GET /late'))).status, 503)
      assert.equal((await client.send('GET /in-time')).status, 200)
      assert.deepEqual(heard, ['/in-time'])
      gate.close()
      assert.equal(server.emit, traced)
      assert.equal((await client.send('GET /closed')).status, 200)
      assert.deepEqual(heard, ['/in-time', '/closed'])
    })

    it('leaves a tracer that was installed later in place, and can be installed again', async () => {
      const heard = []
      const server = http.createServer((req, res) => res.end('ok'))
      const first = guard(server, { maxDelay })
      const traced = trace(server, heard)
      const client = await connect(await listen(server))
      assert.equal((await late(() => client.send('GET /late'))).status, 503)
      first.close()
      assert.equal(server.emit, traced)
      assert.equal((await late(() => client.send('GET /closed'))).status, 200)
      const second = guard(server, { maxDelay })
      assert.equal((await late(() => client.send('GET /again'))).status, 503)
      assert.deepEqual([first, second].map((gate) => gate.stats().shed), [1, 1])
      assert.deepEqual(heard, ['/late', '/closed'])
      second.close()
      assert.equal(server.emit, traced)
    })

    it('passes on every other event with its arguments, this and result', () => {
      const server = http.createServer()
      const gate = guard(server, { maxDelay })
      const calls = []
      server.on('custom', function (...args) { calls.push([this, ...args]) })
      assert.equal(server.emit('custom', 1, 2), true)
      assert.equal(server.emit('nobody'), false)
      assert.equal(calls[0][0], server)
      assert.deepEqual(calls[0].slice(1), [1, 2])
      gate.close()
    })
  })

  describe('with the option respond', () => {
    async function start (respond) {
      const server = http.createServer((req, res) => res.end('ok'))
      guard(server, { maxDelay, respond, message: 'full', retryAfter: 9 })
      return connect(await listen(server))
    }

    const broken = new Error('broken')
    const faults = {
      throws: () => { throw broken },
      rejects: async () => { throw broken },
      'throws after it set headers': (req, res) => { res.setHeader('Content-Length', 1000); throw broken }
    }
    for (const [how, respond] of Object.entries(faults)) {
      it(`sends the standard 503 and emits a process warning if respond ${how}`, async () => {
        const client = await start(respond)
        const warnings = keepWarnings()
        const answer = await late(() => client.send('GET /'))
        assert.equal(answer.status, 503)
        assert.equal(answer.headers['retry-after'], '9')
        assert.equal(answer.body, 'full')
        assert.deepEqual(await warnings(), ['SPILLWAY_RESPOND'])
        assert.equal((await client.send('GET /')).status, 200)
      })
    }

    it('closes the connection if respond throws after it has begun its answer', async () => {
      const client = await start(async (req, res) => {
        res.writeHead(200, { 'Content-Length': 1000 }).write('begun')
        await nextTurn()
        throw broken
      })
      const warnings = keepWarnings()
      const answer = late(() => client.send('GET /'))
      await assert.rejects(answer, /connection closed/)
      assert.deepEqual(await warnings(), ['SPILLWAY_RESPOND'])
    })
  })

  describe('judges CONNECT', () => {
    const TUNNEL = 'HTTP/1.1 200 Connection Established\r\n\r\n'

    async function start (options) {
      const server = http.createServer((req, res) => res.end('ok'))
      server.on('connect', (req, socket) => {
        socket.on('error', () => {})
        opened(() => socket.destroy())
        socket.write(TUNNEL)
      })
      const gate = guard(server, { maxDelay, ...options })
      return { gate, client: await connect(await listen(server)) }
    }

    it('like an upgrade, and refuses it with a 503 that closes the connection', async () => {
      const { client, gate } = await start()
      const refused = await late(() => client.send('CONNECT a:443'))
      assert.equal(refused.status, 503)
      assert.equal(refused.headers.connection, 'close')
      await client.closed
      const { shed, admitted, inFlight } = gate.stats()
      assert.deepEqual({ shed, admitted, inFlight }, { shed: 1, admitted: 0, inFlight: 0 })
    })

    it('by the health check too', async () => {
      const { client, gate } = await start({ healthCheck: () => false, healthCheckInterval: 5 })
      await until(() => gate.snapshot().limits.some(({ exceeded }) => exceeded))
      assert.equal((await client.send('CONNECT a:443')).status, 503)
      assert.equal(gate.stats().shedBy.healthCheck, 1)
    })

    for (const event of ['connect', 'stream']) {
      it(`over HTTP/2, on a server that uses the event '${event}'`, async () => {
        // With a listener for 'request', Node emits 'connect' too.
        const server = event === 'connect' ? http2.createServer((req, res) => res.end()) : http2.createServer()
        let isHealthy = true
        server.on(event, (first, second) => (event === 'connect' ? second.stream : first).respond())
        const gate = guard(server, { healthCheck: () => isHealthy, healthCheckInterval: 5 })
        const { session } = await connectHttp2(await listen(server))
        const statusOfTunnel = async () => {
          const stream = session.request({ ':method': 'CONNECT', ':authority': 'a:443' })
          const [headers] = await once(stream, 'response')
          stream.destroy()
          return headers[':status']
        }
        assert.equal(await statusOfTunnel(), 200)
        isHealthy = false
        await until(() => gate.snapshot().limits.some(({ exceeded }) => exceeded))
        assert.equal(await statusOfTunnel(), 503)
        const { shed, admitted, inFlight } = gate.stats()
        assert.deepEqual({ shed, admitted, inFlight }, { shed: 1, admitted: 1, inFlight: 0 })
      })
    }

    it('and does not count an admitted CONNECT in flight', async () => {
      const { client, gate } = await start()
      assert.equal((await client.send('CONNECT a:443')).status, 200)
      const { admitted, inFlight } = gate.stats()
      assert.deepEqual({ admitted, inFlight }, { admitted: 1, inFlight: 0 })
    })
  })

  describe('judges upgrades, and', () => {
    async function start (options) {
      const server = http.createServer((req, res) => res.end('ok'))
      server.on('upgrade', (req, socket) => {
        // The client may leave before the test ends.
        socket.on('error', () => {})
        opened(() => socket.destroy())
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n')
      })
      const gate = guard(server, { maxDelay, retryAfter: 9, message: 'trop occupé', ...options })
      const client = await connect(await listen(server))
      return { server, gate, client }
    }

    it('refuses one with a whole 503 on the wire, and closes the connection', async () => {
      const { client, gate, server } = await start()
      const refused = await late(() => client.send('GET /', { headers: UPGRADE }))
      assert.equal(refused.status, 503)
      assert.equal(refused.headers['retry-after'], '9')
      assert.equal(refused.headers.connection, 'close')
      assert.equal(refused.headers['content-length'], String(Buffer.byteLength('trop occupé')))
      assert.equal(refused.body, 'trop occupé')
      await client.closed
      assert.equal(client.rest, '')
      const { shed, admitted, inFlight } = gate.stats()
      assert.deepEqual({ shed, admitted, inFlight }, { shed: 1, admitted: 0, inFlight: 0 })
      await until(async () => await connectionsOf(server) === 0)
    })

    it("refuses one with a whole 503 if the client has already sent more, and sees that client's end", async () => {
      let timeouts = 0
      const { client, server } = await start({
        onShed: (info, { socket }) => socket.on('timeout', () => { timeouts++ })
      })
      const refused = late(() => {
        const answer = client.send('GET /', { headers: UPGRADE })
        client.socket.write(Buffer.alloc(100_000))
        return answer
      })
      const { status, body } = await refused
      assert.equal(status, 503)
      assert.equal(body, 'trop occupé')
      await client.closed
      await until(async () => await connectionsOf(server) === 0)
      assert.equal(timeouts, 0)
    })

    it('survives a client that resets the connection in the meantime', async () => {
      const { client, server, gate } = await start({ onShed: () => client.socket.resetAndDestroy() })
      await assert.rejects(late(() => client.send('GET /', { headers: UPGRADE })), /connection closed/)
      await until(async () => await connectionsOf(server) === 0)
      assert.equal(gate.stats().shed, 1)
      const next = await connect(server.address().port)
      assert.equal((await next.send('GET /')).status, 200)
    })

    it('closes a refused connection itself if the client never does', async () => {
      const { client, server } = await start()
      client.socket.allowHalfOpen = true
      const refused = await late(() => client.send('GET /', { headers: UPGRADE }))
      assert.equal(refused.status, 503)
      await until(async () => await connectionsOf(server) === 0)
    })

    it('does not count an admitted upgrade in flight', async () => {
      const { client, gate } = await start()
      assert.equal((await client.send('GET /', { headers: UPGRADE })).status, 101)
      const { admitted, inFlight } = gate.stats()
      assert.deepEqual({ admitted, inFlight }, { admitted: 1, inFlight: 0 })
    })

    it('admits an exempt one, and admits all in a dry run', async () => {
      const exempt = await start({ exempt: '/socket' })
      assert.equal((await late(() => exempt.client.send('GET /socket', { headers: UPGRADE }))).status, 101)
      assert.equal(exempt.gate.stats().exempt, 1)
      const observing = await start({ dryRun: true })
      assert.equal((await late(() => observing.client.send('GET /', { headers: UPGRADE }))).status, 101)
      assert.equal(observing.gate.stats().wouldShed, 1)
    })
  })
})
