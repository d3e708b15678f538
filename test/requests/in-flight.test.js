'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const http2 = require('node:http2')
const { once } = require('node:events')
const { Connection } = require('../../lib/requests/connection.js')
const { OUTCOME } = require('../../lib/requests/outcome.js')
const { TrackedRequest } = require('../../lib/requests/tracked-request.js')
const { Gate } = require('../../lib/gate/gate.js')
const { nextTurn } = require('../support/block.js')
const { gateOptions } = require('../../lib/gate/options.js')
const { readOptions } = require('../../lib/options/read.js')
const { run } = require('../support/child.js')
const { hold } = require('../support/hold.js')
const { connectionsOf, listen } = require('../support/listen.js')
const { kinds, FIRST_EVENT } = require('../support/servers.js')
const { connect, connectTls } = require('../support/client.js')
const { connectHttp2 } = require('../support/http2-client.js')
const { closeOpened, opened } = require('../support/opened.js')
const { createTlsServer } = require('../support/tls.js')
const { until } = require('../support/until.js')
const express = require('express')
const spillwayExpress = require('../../lib/adapters/express.js')

afterEach(closeOpened)

/** Waits until the gate counts this many requests in flight, and checks that the count does not change. */
async function inFlight (site, count) {
  await until(() => site.gate.stats().inFlight === count, () => `in flight: ${site.gate.stats().inFlight}, expected ${count}`)
  await nextTurn()
  assert.equal(site.gate.stats().inFlight, count)
}

/** Collects the functions that let held requests be answered. */
function collectReleases (site) {
  const releases = []
  site.events.on('hold', (release) => releases.push(release))
  return releases
}

for (const kind of kinds) {
  describe(`the in-flight count in ${kind.name}`, () => {
    const start = (settings) => kind.start({ maxDelay: false }, settings)

    it('includes each request until it is answered, and no exempt ones', async () => {
      const site = await kind.start({ maxDelay: false, exempt: '/health' })
      const clients = [await connect(site.port), await connect(site.port)]
      const first = await hold(site, () => clients[0].send('GET /hold'))
      assert.equal(site.gate.stats().inFlight, 1)
      const second = await hold(site, () => clients[1].send('GET /hold'))
      assert.equal(site.gate.stats().inFlight, 2)
      await (await connect(site.port)).send('GET /health')
      assert.equal(site.gate.stats().inFlight, 2)
      first.release()
      assert.equal((await first.answer).status, 200)
      await inFlight(site, 1)
      second.release()
      assert.equal((await second.answer).status, 200)
      await inFlight(site, 0)
      assert.equal(site.gate.stats().admitted, 2)
    })

    it('returns to zero after several requests in a row on one connection', async () => {
      const site = await start()
      const client = await connect(site.port)
      for (const line of ['GET /', 'HEAD /', 'GET /nowhere', 'GET /']) await client.send(line)
      await client.send('POST /', { body: 'x' })
      await inFlight(site, 0)
      assert.equal(site.gate.stats().admitted, 5)
    })

    it('returns to zero after pipelined requests, and stays there when their connection ends', async () => {
      const site = await start()
      const serverSocket = once(site.server, 'connection').then(([socket]) => socket)
      const client = await connect(site.port)
      const slow = await hold(site, () => client.send('GET /hold'))
      const rest = [client.send('GET /'), client.send('GET /health')]
      await inFlight(site, 3)
      slow.release()
      for (const answer of [slow.answer, ...rest]) assert.equal((await answer).status, 200)
      await inFlight(site, 0)
      const closed = once(await serverSocket, 'close')
      client.destroy()
      await closed
      await inFlight(site, 0)
    })

    it('returns to zero when a connection dies while requests wait behind a slow one', async () => {
      const site = await start()
      const client = await connect(site.port)
      const releases = collectReleases(site)
      client.send('GET /hold')
      client.send('GET /')
      client.send('GET /hold')
      await inFlight(site, 3)
      client.destroy()
      for (const release of releases) release()
      await inFlight(site, 0)
    })

    it('returns to zero when the client leaves before its request is answered', async () => {
      const site = await start()
      const client = await connect(site.port)
      const { release } = await hold(site, () => client.send('GET /hold'))
      await inFlight(site, 1)
      client.destroy()
      release()
      await inFlight(site, 0)
    })

    it("returns to zero when the client resets the connection in the middle of a request's body", async () => {
      const site = await start()
      const client = await connect(site.port)
      client.send('POST /', { headers: { 'Content-Length': '1000' }, body: 'the first of it' })
      await inFlight(site, 1)
      client.socket.resetAndDestroy()
      await inFlight(site, 0)
    })

    it('returns to zero after the socket times out', async () => {
      const site = await start()
      const connection = once(site.server, 'connection')
      const client = await connect(site.port)
      const [socket] = await connection
      const { release } = await hold(site, () => client.send('GET /hold'))
      await inFlight(site, 1)
      socket.setTimeout(1)
      await client.closed
      release()
      await inFlight(site, 0)
    })

    it("returns to zero after the server's requestTimeout", async () => {
      const createServer = (listener) => http.createServer(
        { connectionsCheckingInterval: 20 }, listener)
      const site = await start({ createServer })
      const client = await connect(site.port)
      const answer = client.send('POST /', { headers: { 'Content-Length': '10' }, body: 'half' })
      await inFlight(site, 1)
      site.server.headersTimeout = site.server.requestTimeout = 150
      assert.equal((await answer).status, kind.name === 'hapi' ? 400 : 408)
      await client.closed
      await inFlight(site, 0)
      assert.equal(site.gate.stats().admitted, 1)
    })

    for (const path of ['/throw', '/reject']) {
      it(`returns to zero after a handler fails (${path})`, async () => {
        const site = await start()
        const client = await connect(site.port)
        const answer = client.send(`GET ${path}`)
        if (kind.name === 'http') await client.closed
        else assert.equal((await answer).status, 500)
        await inFlight(site, 0)
        assert.equal(site.gate.stats().admitted, 1)
      })
    }

    it('returns to zero when the client closes a stream of server-sent events', async () => {
      const site = await start()
      const client = await connect(site.port)
      client.send('GET /events')
      await until(() => client.rest.includes(FIRST_EVENT))
      await inFlight(site, 1)
      client.destroy()
      await inFlight(site, 0)
    })

    it('returns to zero over TLS, whether requests are answered or aborted', async () => {
      const site = await start({ createServer: createTlsServer })
      const client = await connectTls(site.port)
      assert.equal((await client.send('GET /')).status, 200)
      await inFlight(site, 0)
      const { release } = await hold(site, () => client.send('GET /hold'))
      await inFlight(site, 1)
      client.destroy()
      release()
      await inFlight(site, 0)
      assert.equal(site.gate.stats().admitted, 2)
    })
  })
}

for (const kind of kinds.filter(({ name }) => ['koa 3', 'koa 2', 'http'].includes(name))) {
  describe(`the in-flight count in ${kind.name} over HTTP/2`, () => {
    async function start () {
      const site = await kind.start({ maxDelay: false }, { createServer: (listener) => http2.createServer(listener) })
      return { site, client: await connectHttp2(site.port) }
    }

    it('includes each stream until it is answered', async () => {
      const { site, client } = await start()
      const first = await hold(site, () => client.send('/hold'))
      const second = await hold(site, () => client.send('/hold'))
      await inFlight(site, 2)
      first.release()
      assert.equal((await first.answer).status, 200)
      await inFlight(site, 1)
      second.release()
      assert.equal((await second.answer).body, 'ok')
      await inFlight(site, 0)
    })

    it('returns to zero when the client resets a stream or destroys the session', async () => {
      const { site, client } = await start()
      const ask = () => client.session.request({ ':path': '/hold' }).on('error', () => {})
      const first = await hold(site, ask)
      await inFlight(site, 1)
      first.answer.close(http2.constants.NGHTTP2_CANCEL)
      first.release()
      await inFlight(site, 0)

      const second = await hold(site, ask)
      await inFlight(site, 1)
      client.session.destroy()
      second.release()
      await inFlight(site, 0)
      assert.equal(site.gate.stats().admitted, 2)
    })

    it('returns to zero after a handler fails, and after a stream of server-sent events', async () => {
      const { site, client } = await start()
      const failed = client.session.request({ ':path': '/reject' })
      failed.on('error', () => {})
      await new Promise((resolve) => failed.resume().once('close', resolve))
      await inFlight(site, 0)
      const events = client.session.request({ ':path': '/events' })
      events.on('error', () => {})
      await once(events, 'data')
      await inFlight(site, 1)
      events.destroy()
      await inFlight(site, 0)
      assert.equal(site.gate.stats().admitted, 2)
    })
  })
}

describe('a connection', () => {
  it('keeps its unanswered requests when another of its requests is answered', () => {
    const connection = new Connection(-1, -1)
    const [first, second, third] = ['/1', '/2', '/3'].map((url) => new TrackedRequest({}, 'GET', url, 0, false, connection))
    connection.unanswered.push(first, second, third)
    connection.remove(first)
    assert.deepEqual(connection.unanswered, [second, third])
    connection.remove(third)
    assert.deepEqual(connection.unanswered, [second])
  })
})

describe('a gate that is closed while a request is in flight', () => {
  it('stops measuring when that request is answered', async () => {
    const { stdout, stderr } = await run(`
      const http = require('node:http')
      const { shutdown } = require('spillway')
      const { binding } = require('./lib/native/binding.js')
      const { guard } = require('spillway/http')
      shutdown()
      const measures = () => { const was = binding.stop(); if (was) binding.start(500, 1 / 3); return was }
      const answers = []
      const server = http.createServer((req, res) => {
        gate.close()
        answers.push(measures())
        res.end()
      })
      const gate = guard(server)
      server.listen(0, '127.0.0.1', async () => {
        await (await fetch('http://127.0.0.1:' + server.address().port)).text()
        answers.push(measures())
        console.log(...answers)
        process.exit()
      })
    `)
    assert.equal(stdout + stderr, 'true false\n')
  })
})

describe('behind asynchronous middleware, the in-flight count', () => {
  /** Starts an application whose requests wait in front of the gate until a test lets them continue. */
  async function start () {
    const gate = spillwayExpress({ maxDelay: false })
    opened(() => gate.close())
    const waiting = []
    const app = express().set('env', 'test')
    app.use((req, res, next) => { waiting.push(next) })
    app.use(gate)
    app.use((req, res) => res.send('ok'))
    const server = http.createServer(app)
    const client = await connect(await listen(server))
    const arrived = (count) => until(() => waiting.length >= count)
    return { server, gate, client, waiting, arrived }
  }

  it('returns to zero if the connection, with a request and a queued one, closed before they reached the gate', async () => {
    const { server, gate, client, waiting, arrived } = await start()
    client.send('GET /')
    client.send('GET /')
    await arrived(2)
    client.destroy()
    await until(async () => await connectionsOf(server) === 0)
    await nextTurn()
    for (const next of waiting) next()
    await inFlight({ gate }, 0)
    assert.equal(gate.stats().admitted, 2)
  })

  it('stays at zero if the response was sent before the request reached the gate', async () => {
    const gate = spillwayExpress({ maxDelay: false })
    opened(() => gate.close())
    const app = express().set('env', 'test')
    app.use((req, res, next) => { res.end('early', () => setImmediate(next)) })
    app.use(gate)
    app.use(() => {})
    const server = http.createServer(app)
    const client = await connect(await listen(server))
    await client.send('GET /')
    await until(() => gate.stats().admitted > 0)
    await inFlight({ gate }, 0)
  })
})

describe('over HTTP/2, the outcome of a request', () => {
  /** Collects the outcomes of one request. `serve` gets a function that asks the gate. */
  async function outcomesOf (serve, ask) {
    const gate = new Gate(readOptions('test', gateOptions, {}))
    opened(() => gate.close())
    const outcomes = []
    const { leave } = gate
    gate.leave = (tracked, outcome) => {
      outcomes.push(outcome)
      leave.call(gate, tracked, outcome)
    }
    const server = http2.createServer((req, res) => serve(req, res, () => gate.decide(req, res, req)))
    await listen(server)
    await ask(await connectHttp2(server.address().port), server)
    await until(() => outcomes.length > 0)
    assert.equal(gate.handle().stats().inFlight, 0)
    return outcomes
  }

  it('is "completed" after it was answered', async () => {
    const serve = (req, res, enter) => { enter(); res.end('ok') }
    assert.deepEqual(await outcomesOf(serve, (client) => client.send('/')), [OUTCOME.completed])
  })

  it('is "abandoned" if the client resets its stream, before or after the gate is asked', async () => {
    const ask = async ({ session }, server) => {
      const stream = session.request({ ':path': '/' })
      stream.on('error', () => {})
      await once(server, 'request')
      stream.close(http2.constants.NGHTTP2_CANCEL)
    }
    const endLater = (res) => setImmediate(() => res.end('late'))
    const judgeAtOnce = (req, res, enter) => { enter(); res.stream.once('close', () => endLater(res)) }
    const judgeLater = (req, res, enter) => res.stream.once('close', () => { enter(); endLater(res) })
    for (const serve of [judgeAtOnce, judgeLater]) assert.deepEqual(await outcomesOf(serve, ask), [OUTCOME.abandoned])
  })
})
