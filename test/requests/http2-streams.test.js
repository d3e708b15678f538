'use strict'

const assert = require('node:assert/strict')
const http2 = require('node:http2')
const { once } = require('node:events')
const { guard } = require('../../lib/adapters/http.js')
const { binding } = require('../../lib/native/binding.js')
const { block } = require('../support/block.js')
const { connectHttp2 } = require('../support/http2-client.js')
const { LIMIT_MS } = require('../support/late.js')
const { listen } = require('../support/listen.js')
const { needs } = require('../support/needs.js')
const { closeOpened, opened } = require('../support/opened.js')
const { until } = require('../support/until.js')

/** From so many requests on, a route has a class of its own. */
const OFTEN = 16

const { NGHTTP2_CANCEL } = http2.constants

afterEach(closeOpened)

describe('a guarded server that uses the event "stream"', () => {
  /** `/hold` is answered when the test calls the function in `held`. */
  async function start (options) {
    const server = http2.createServer()
    const held = []
    const told = []
    const gate = guard(server, { retryAfter: 7, onShed: (info, request) => told.push({ info, request }), ...options })
    opened(() => gate.close())
    server.on('stream', (stream, { ':method': method, ':path': path }) => {
      stream.on('error', () => {})
      if (method === 'CONNECT') return stream.respond({ ':status': 200 })
      const answer = () => {
        stream.respond({ ':status': 200 })
        stream.end('ok')
      }
      if (path === '/hold') held.push(answer)
      else if (path === '/nowhere') stream.respond({ ':status': 404 }, { endStream: true })
      else answer()
    })
    const client = await connectHttp2(await listen(server))
    return { server, gate, held, told, client }
  }

  it('counts its streams in flight, and refuses those beyond maxInFlight', async () => {
    const { gate, held, told, client } = await start({ maxInFlight: 1 })
    assert.equal((await client.send('/')).status, 200)
    const first = client.send('/hold')
    await until(() => held.length === 1)
    assert.equal(gate.stats().inFlight, 1)
    const refused = await client.send('/a')
    assert.deepEqual({ status: refused.status, body: refused.body }, { status: 503, body: 'Service Unavailable' })
    assert.equal(refused.headers['retry-after'], '7')
    held[0]()
    assert.equal((await first).status, 200)
    await until(() => gate.stats().inFlight === 0)
    const { admitted, shed, shedBy } = gate.stats()
    assert.deepEqual({ admitted, shed, maxInFlight: shedBy.maxInFlight }, { admitted: 2, shed: 1, maxInFlight: 1 })
    const [{ info, request }] = told
    assert.equal(info.reason, 'maxInFlight')
    assert.deepEqual([request.method, request.url, request.headers[':path'], typeof request.stream.respond], ['GET', '/a', '/a', 'function'])
  })

  it('refuses a call of gRPC with the status UNAVAILABLE, and tells when to try again', async () => {
    const { held, client } = await start({ maxInFlight: 1 })
    client.send('/hold')
    await until(() => held.length === 1)
    const stream = client.session.request({ ':path': '/a.B/C', ':method': 'POST', 'content-type': 'application/grpc+proto', te: 'trailers' })
    stream.end(Buffer.alloc(5))
    const closed = once(stream.resume(), 'close')
    const [headers] = await once(stream, 'response')
    await closed
    assert.equal(stream.rstCode, http2.constants.NGHTTP2_NO_ERROR)
    const { ':status': status, 'content-type': type, 'grpc-status': code, 'grpc-message': message, 'grpc-retry-pushback-ms': pushback } = headers
    assert.deepEqual({ status, type, code, message, pushback },
      { status: 200, type: 'application/grpc', code: '14', message: 'Service%20Unavailable', pushback: '7000' })
  })

  it('judges CONNECT, which holds no place', async () => {
    const { gate, held, client } = await start({ maxInFlight: 1 })
    const connect = async () => {
      const stream = client.session.request({ ':method': 'CONNECT', ':authority': 'localhost:1' })
      stream.on('error', () => {})
      const [headers] = await once(stream, 'response')
      return headers[':status']
    }
    assert.equal(await connect(), 200)
    assert.equal(gate.stats().inFlight, 0)
    assert.equal((await client.send('/')).status, 200)
    client.send('/hold')
    await until(() => held.length === 1)
    assert.equal(await connect(), 503)
  })

  it('gives no class of their own to streams that end with a client error', async () => {
    const { gate, client } = await start()
    for (let i = 0; i < OFTEN; i++) {
      assert.equal((await client.send('/nowhere')).status, 404)
      assert.equal((await client.send('/')).status, 200)
    }
    const names = gate.snapshot().classes.map(({ class: name }) => name)
    assert.deepEqual(names, ['*', 'GET /'])
  })

  it('frees the place of a stream that its client has reset', async () => {
    const { gate, held, client } = await start({ maxInFlight: 1 })
    const stream = client.session.request({ ':path': '/hold' })
    stream.on('error', () => {})
    await until(() => held.length === 1)
    stream.close(NGHTTP2_CANCEL)
    held[0]()
    await until(() => gate.stats().inFlight === 0)
    assert.equal((await client.send('/')).status, 200)
  })

  it('judges only streams if the server also has a listener for "request"', async () => {
    const { server, gate, client } = await start()
    let requests = 0
    server.on('request', (req, res) => { requests++ })
    assert.equal((await client.send('/')).status, 200)
    assert.deepEqual([requests, gate.stats().admitted], [1, 1])
  })

  it('takes the wait from the loop: streams that are read at once wait for each other', async function () {
    needs(this, 'waits from the kernel', binding.kernelWaits)
    const server = http2.createServer()
    const gate = guard(server, { maxDelay: 60_000 })
    opened(() => gate.close())
    server.on('stream', (stream) => {
      block(LIMIT_MS)
      stream.respond({ ':status': 200 }, { endStream: true })
    })
    const client = await connectHttp2(await listen(server))
    await Promise.all(Array.from({ length: 10 }, () => client.send('/')))
    const { lastWaits } = gate.stats()
    assert.equal(lastWaits.length, 10)
    for (const [i, waitMs] of lastWaits.entries()) assert.ok(waitMs >= i * LIMIT_MS - 1, `${lastWaits}`)
  })

  it('admits everything once its gate is closed, and is left as it was', async () => {
    const { server, gate, held, client } = await start({ maxInFlight: 1 })
    client.send('/hold')
    await until(() => held.length === 1)
    gate.close()
    assert.equal(Object.hasOwn(server, 'emit'), false)
    assert.equal((await client.send('/')).status, 200)
  })
})
