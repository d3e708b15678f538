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
const { kinds, kindNamed } = require('../support/servers.js')
const { gateOptions } = require('../../lib/gate/options.js')
const { readOptions } = require('../../lib/options/read.js')
const { nextTurn } = require('../support/block.js')
const { hold } = require('../support/hold.js')
const { connectionsOf, listen } = require('../support/listen.js')
const { until } = require('../support/until.js')
const { connect } = require('../support/client.js')
const { connectHttp2 } = require('../support/http2-client.js')
const { closeOpened, opened } = require('../support/opened.js')

const GET = 'GET / HTTP/1.0\r\n\r\n'
/** A handler that continues after its client has left keeps its place for at least this long. */
const LEAST_PATIENCE_MS = 1000

afterEach(closeOpened)

/** Closes the client's connection, and waits until the server has seen it. */
async function leave (site, client) {
  const before = await connectionsOf(site.server)
  client.destroy()
  await until(async () => await connectionsOf(site.server) !== before)
  await nextTurn()
}

// Hapi ends the response itself when the client leaves; its tests are below.
for (const kind of kinds.filter(({ name }) => name !== 'hapi')) {
  describe(`when its client leaves, a request in ${kind.name}`, () => {
    it('keeps its place until its handler has ended the response', async () => {
      const site = await kind.start({ maxInFlight: 2, maxDelay: false })
      const releases = []
      for (let i = 0; i < 2; i++) {
        const client = await connect(site.port)
        releases.push((await hold(site, () => client.send('GET /hold'))).release)
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

    it('keeps its place, as do the requests queued behind it on the same connection', async () => {
      const site = await kind.start({ maxInFlight: 3, maxDelay: false })
      const client = await connect(site.port)
      const releases = []
      for (let i = 0; i < 3; i++) releases.push((await hold(site, () => client.send('GET /hold'))).release)
      await leave(site, client)
      for (const left of [2, 1, 0]) {
        assert.equal(site.gate.stats().inFlight, left + 1)
        releases[left]()
        await until(() => site.gate.stats().inFlight === left)
      }
    })
  })
}

describe('when its client leaves, a request', () => {
  it('loses its place after a while if its handler never ends', async () => {
    const site = await kindNamed('http').start({ maxInFlight: 1 })
    const client = await connect(site.port)
    await hold(site, () => client.send('GET /hold'))
    await leave(site, client)
    const other = await connect(site.port)
    assert.equal((await other.send('GET /')).status, 503)
    await until(() => site.gate.stats().inFlight === 0)
    assert.equal((await other.send('GET /')).status, 200)
  })

  for (const [what, part] of Object.entries({
    'which then ends the response': (site, client) => leave(site, client),
    'which answers 400 if malformed data follows the request': (site, client) => {
      client.socket.write('GET / HTTP/1.1\r\nnot a header\r\n\r\n')
      return client.closed
    }
  })) {
    it(`loses its place after a while in hapi, ${what}`, async () => {
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
    'a response over HTTP/1.0 that ends without a last chunk': (res) => res.end(),
    'a response that ends with a last chunk': (res) => res.end('more')
  })) {
    it(`leaves the in-flight count exactly once: ${what}`, async () => {
      const responses = []
      const server = http.createServer((req, res) => {
        if (req.url !== '/') return res.end('ok')
        res.write('first')
        responses.push(res)
      })
      const gate = guard(server, { maxInFlight: 10, maxDelay: false })
      await listen(server)
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

  describe('is reported to the admission controller', () => {
    /** Collects the outcomes that are reported to a gate for one request. */
    async function outcomesOf (createServer, handle, ask) {
      // maxDelay is false because a refused request has no outcome.
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
      await listen(server)
      await ask(server)
      await until(() => outcomes.length > 0)
      await nextTurn()
      assert.equal(gate.handle().stats().inFlight, 0)
      return outcomes
    }

    /** Leaves as soon as the server has received the request. */
    const askAndLeave = async (server) => {
      const client = await connect(server.address().port)
      client.send('GET /')
      await once(server, 'request')
      client.destroy()
    }

    it('as abandoned if the handler ends the response later', async () => {
      const handle = (req, res) => req.once('close', () => res.end('late'))
      assert.deepEqual(await outcomesOf(http.createServer, handle, askAndLeave), [OUTCOME.abandoned])
    })

    it('as abandoned if the handler had already ended the response but it was not sent', async () => {
      const handle = (req, res) => res.end('x'.repeat(50_000_000))
      assert.deepEqual(await outcomesOf(http.createServer, handle, askAndLeave), [OUTCOME.abandoned])
    })

    for (const [how, leaveHttp2] of Object.entries({
      'resets its stream': (stream) => stream.close(http2.constants.NGHTTP2_CANCEL),
      'closes its stream without an error': (stream) => stream.close(http2.constants.NGHTTP2_NO_ERROR),
      'destroys its session': (stream) => stream.session.destroy()
    })) {
      it(`as abandoned over HTTP/2 if the client ${how}`, async () => {
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

    it('as abandoned if the handler destroys the response later', async () => {
      const handle = (req, res) => req.once('close', () => setImmediate(() => res.destroy()))
      assert.deepEqual(await outcomesOf(http.createServer, handle, askAndLeave), [OUTCOME.abandoned])
    })

    it('as abandoned at once if a stream is piped into the response', async () => {
      const handle = (req, res) => new PassThrough().pipe(res)
      const begun = performance.now()
      assert.deepEqual(await outcomesOf(http.createServer, handle, askAndLeave), [OUTCOME.abandoned])
      assert.ok(performance.now() - begun < LEAST_PATIENCE_MS)
    })

    it('as detached, which says nothing about service times, if the handler does not end in time', async () => {
      assert.deepEqual(await outcomesOf(http.createServer, () => {}, askAndLeave), [OUTCOME.detached])
    })

    it('as detached if it was a stream of server-sent events', async () => {
      const handle = (req, res) => res.writeHead(200, ['Content-Type', 'text/event-stream']).end('data: last\n\n')
      const ask = async (server) => (await connect(server.address().port)).send('GET /')
      assert.deepEqual(await outcomesOf(http.createServer, handle, ask), [OUTCOME.detached])
    })

    it('as completed if the client stays instead', async () => {
      const ask = async (server) => (await connect(server.address().port)).send('GET /')
      assert.deepEqual(await outcomesOf(http.createServer, (req, res) => res.end('ok'), ask), [OUTCOME.completed])
    })
  })
})
