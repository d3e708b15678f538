'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const http2 = require('node:http2')
const { once } = require('node:events')
const { PassThrough } = require('node:stream')
const hapi = require('@hapi/hapi')
const spillwayHapi = require('../../lib/adapters/hapi/index.js')
const { Gate } = require('../../lib/gate/gate.js')
const { guard } = require('../../lib/adapters/http.js')
const { OUTCOME } = require('../../lib/requests/outcome.js')
const { gateOptions } = require('../../lib/gate/options.js')
const { readOptions } = require('../../lib/options/read.js')
const { kinds } = require('../support/servers.js')
const { nextTurn } = require('../support/block.js')
const { connect } = require('../support/client.js')
const { connectHttp2 } = require('../support/http2-client.js')
const { closeOpened, opened } = require('../support/opened.js')

const GET = 'GET / HTTP/1.0\r\n\r\n'
/** No sooner does a handler that goes on lose its place. */
const LEAST_PATIENCE_MS = 1000

afterEach(closeOpened)

async function until (condition) {
  while (!condition()) await nextTurn()
}

/** Sends a request that stays, and gives what answers it. */
async function hold (site, send) {
  const held = once(site.events, 'hold')
  send()
  const [release] = await held
  return release
}

/** Leaves, and waits until the server has seen it. */
async function leave (site, client) {
  const before = await connectionsOf(site.server)
  client.destroy()
  while (await connectionsOf(site.server) === before) await nextTurn()
  await nextTurn()
}

function connectionsOf (server) {
  return new Promise((resolve) => server.getConnections((_, count) => resolve(count)))
}

// Hapi ends the response as soon as the client has left: see below.
for (const kind of kinds.filter(({ name }) => name !== 'hapi')) {
  describe(`a client of ${kind.name} that leaves`, () => {
    it('leaves the place to its handler, until that has ended its response', async () => {
      const site = await kind.start({ maxInFlight: 2, maxDelay: false })
      const releases = []
      for (let i = 0; i < 2; i++) {
        const client = await connect(site.port)
        releases.push(await hold(site, () => client.send('GET /hold')))
        await leave(site, client)
        assert.equal(site.gate.stats().inFlight, i + 1)
      }
      const other = await connect(site.port)
      assert.equal((await other.send('GET /')).status, 503)
      releases[0]()
      await until(() => site.gate.stats().inFlight === 1)
      assert.equal((await other.send('GET /')).status, 200)
      releases[1]()
      await until(() => site.gate.stats().inFlight === 0)
      assert.equal(site.gate.stats().admitted, 3)
    })

    it('with requests queued behind one another leaves the place to each', async () => {
      const site = await kind.start({ maxInFlight: 3, maxDelay: false })
      const client = await connect(site.port)
      const releases = []
      for (let i = 0; i < 3; i++) releases.push(await hold(site, () => client.send('GET /hold')))
      await leave(site, client)
      for (const left of [2, 1, 0]) {
        assert.equal(site.gate.stats().inFlight, left + 1)
        releases[left]()
        await until(() => site.gate.stats().inFlight === left)
      }
    })
  })
}

describe('a client that leaves', () => {
  it('gets its place taken back after a while from a handler that never ends', async () => {
    const site = await kinds.find(({ name }) => name === 'http').start({ maxInFlight: 1 })
    const client = await connect(site.port)
    await hold(site, () => client.send('GET /hold'))
    await leave(site, client)
    const other = await connect(site.port)
    assert.equal((await other.send('GET /')).status, 503)
    await until(() => site.gate.stats().inFlight === 0)
    assert.equal((await other.send('GET /')).status, 200)
  })

  for (const [what, part] of Object.entries({
    'of Hapi, which ends the response then,': (site, client) => leave(site, client),
    'of Hapi, which answers 400 where nonsense comes behind the request,': (site, client) => {
      client.socket.write('GET / HTTP/1.1\r\nnot a header\r\n\r\n')
      return client.closed
    }
  })) {
    it(`${what} gets its place taken back after a while`, async () => {
      const server = hapi.server({ debug: false })
      await server.register({ plugin: spillwayHapi, options: { maxInFlight: 1 } })
      const begun = new Promise((resolve) => {
        server.route({ method: 'GET', path: '/hold', handler: () => new Promise(resolve) })
      })
      server.route({ method: 'GET', path: '/', handler: () => 'ok' })
      await server.start()
      opened(() => server.stop({ timeout: 0 }))
      const gate = server.plugins.spillway
      const client = await connect(server.info.port)
      client.send('GET /hold')
      await begun
      await part({ server: server.listener }, client)
      const other = await connect(server.info.port)
      assert.equal((await other.send('GET /')).status, 503)
      await until(() => gate.stats().inFlight === 0)
      assert.equal((await other.send('GET /')).status, 200)
    })
  }

  for (const [what, answer] of Object.entries({
    'a stream of HTTP/1.0 whose end comes without a chunk': (res) => res.end(),
    'an answer whose end comes with one': (res) => res.end('more')
  })) {
    it(`leaves once: ${what}`, async () => {
      const responses = []
      const server = http.createServer((req, res) => {
        if (req.url !== '/') return res.end('ok')
        res.write('first')
        responses.push(res)
      })
      const gate = guard(server, { maxInFlight: 10, maxDelay: false })
      server.listen(0, '127.0.0.1')
      opened(() => server.close())
      await once(server, 'listening')
      const { port } = server.address()
      for (let i = 0; i < 10; i++) {
        const client = await connect(port)
        client.socket.write(GET)
        await until(() => responses.length === i + 1)
        await leave({ server }, client)
      }
      assert.equal(gate.stats().inFlight, 10)
      for (const [i, res] of responses.entries()) {
        answer(res)
        await nextTurn()
        await nextTurn()
        assert.equal(gate.stats().inFlight, 9 - i)
      }
      const held = await connect(port)
      held.send('GET /other')
      assert.equal((await held.send('GET /other')).status, 200)
      await until(() => gate.stats().inFlight === 0)
    })
  }

  describe('is told to the admission controller', () => {
    /** The outcomes that a gate is told for one request. */
    async function outcomesOf (createServer, handle, ask) {
      // Without a limit to its delay: refused, it would have no outcome.
      const gate = new Gate(readOptions('test', gateOptions, { maxDelay: false }))
      opened(() => gate.close())
      const outcomes = []
      const { leave } = gate
      gate.leave = (entry, outcome, status) => {
        outcomes.push(outcome)
        leave.call(gate, entry, outcome, status)
      }
      const server = createServer((req, res) => {
        gate.decide(req, res, req)
        handle(req, res)
      })
      opened(() => server.close())
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      await ask(server)
      await until(() => outcomes.length > 0)
      await nextTurn()
      assert.equal(gate.handle().stats().inFlight, 0)
      return outcomes
    }

    /** Leaves as soon as the server has its request. */
    const askAndLeave = async (server) => {
      const client = await connect(server.address().port)
      client.send('GET /')
      await once(server, 'request')
      client.destroy()
    }

    it('as abandoned, when the handler ends its response after that', async () => {
      const handle = (req, res) => req.once('close', () => res.end('late'))
      assert.deepEqual(await outcomesOf(http.createServer, handle, askAndLeave), [OUTCOME.abandoned])
    })

    it('as abandoned, when the handler had ended its response before, and it was not sent', async () => {
      const handle = (req, res) => res.end('x'.repeat(50_000_000))
      assert.deepEqual(await outcomesOf(http.createServer, handle, askAndLeave), [OUTCOME.abandoned])
    })

    for (const [how, leaveHttp2] of Object.entries({
      'resets its stream': (stream) => stream.close(http2.constants.NGHTTP2_CANCEL),
      'closes its stream without an error': (stream) => stream.close(http2.constants.NGHTTP2_NO_ERROR),
      'destroys its session': (stream) => stream.session.destroy()
    })) {
      it(`as abandoned over HTTP/2 too, when the client ${how}, whenever the handler ends`, async () => {
        const ask = async (server) => {
          const { session } = await connectHttp2(server.address().port)
          const stream = session.request({ ':path': '/' })
          stream.on('error', () => {})
          await once(server, 'request')
          leaveHttp2(stream)
        }
        const handle = (req, res) => res.stream.once('close', () => setImmediate(() => res.end('late')))
        assert.deepEqual(await outcomesOf(http2.createServer, handle, ask), [OUTCOME.abandoned])
      })
    }

    it('as abandoned, when the handler destroys its response after that', async () => {
      const handle = (req, res) => req.once('close', () => setImmediate(() => res.destroy()))
      assert.deepEqual(await outcomesOf(http.createServer, handle, askAndLeave), [OUTCOME.abandoned])
    })

    it('as abandoned at once, when a stream is piped into the response', async () => {
      const handle = (req, res) => new PassThrough().pipe(res)
      const begun = performance.now()
      assert.deepEqual(await outcomesOf(http.createServer, handle, askAndLeave), [OUTCOME.abandoned])
      assert.ok(performance.now() - begun < LEAST_PATIENCE_MS)
    })

    it('as nothing that says how long handlers take, when this one has not ended in time', async () => {
      assert.deepEqual(await outcomesOf(http.createServer, () => {}, askAndLeave), [OUTCOME.detached])
    })

    it('as detached, when it leaves a stream of events', async () => {
      const handle = (req, res) => res.writeHead(200, ['Content-Type', 'text/event-stream']).end('data: last\n\n')
      const ask = async (server) => (await connect(server.address().port)).send('GET /')
      assert.deepEqual(await outcomesOf(http.createServer, handle, ask), [OUTCOME.detached])
    })

    it('and one that stays, as completed', async () => {
      const ask = async (server) => (await connect(server.address().port)).send('GET /')
      assert.deepEqual(await outcomesOf(http.createServer, (req, res) => res.end('ok'), ask), [OUTCOME.completed])
    })
  })
})
