'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const http2 = require('node:http2')
const { EventEmitter, once } = require('node:events')
const { setTimeout: sleep } = require('node:timers/promises')
const express = require('express')
const fastify = require('fastify')
const hapi = require('@hapi/hapi')
const Koa = require('koa')
const { guard } = require('../../lib/adapters/http.js')
const spillwayExpress = require('../../lib/adapters/express.js')
const spillwayFastify = require('../../lib/adapters/fastify/index.js')
const spillwayHapi = require('../../lib/adapters/hapi/index.js')
const spillwayKoa = require('../../lib/adapters/koa.js')
const { backend } = require('../../lib/native/binding.js')
const { connect } = require('../support/client.js')
const { listen } = require('../support/listen.js')
const { needs } = require('../support/needs.js')
const { closeOpened, opened } = require('../support/opened.js')
const { until } = require('../support/until.js')

// Longer than a loaded machine needs to begin the handler.
const DEADLINE_MS = 500
const DEADLINE = { 'X-Deadline': String(DEADLINE_MS) }

/**
 * Servers that call `handle(view, answer, raw)`, where `view` returns the request's `spillway`, `answer()` sends the response, and
 * `raw` is Node's request.
 *
 * @type {Record<string, (handle: (view: () => any, answer: () => void, raw: any) => void, options: any) => Promise<number>>}
 */
const servers = {
  http (handle, options) {
    const server = http.createServer((req, res) => handle(() => req.spillway, () => res.end('ok'), req))
    guard(server, options)
    return listen(server)
  },
  express (handle, options) {
    const app = express()
    app.use(spillwayExpress(options))
    app.use((req, res) => handle(() => req.spillway, () => res.send('ok'), req))
    return listen(http.createServer(app))
  },
  koa (handle, options) {
    const app = new Koa()
    app.use(spillwayKoa(options))
    app.use((ctx) => new Promise((resolve) => handle(() => ctx.req.spillway, () => resolve(ctx.body = 'ok'), ctx.req)))
    return listen(http.createServer(app.callback()))
  },
  async fastify (handle, options) {
    const app = fastify()
    await app.register(spillwayFastify, options)
    app.get('/', (request, reply) => handle(() => request.spillway, () => reply.send('ok'), request.raw))
    await app.listen({ port: 0, host: '127.0.0.1' })
    opened(() => app.close())
    return app.server.address().port
  },
  async hapi (handle, options) {
    const server = hapi.server({ port: 0, host: '127.0.0.1' })
    await server.register({ plugin: spillwayHapi, options })
    server.route({
      method: 'GET', path: '/', handler: (request) => new Promise((resolve) => handle(() => request.raw.req.spillway, () => resolve('ok'), request.raw.req))
    })
    await server.start()
    opened(() => server.stop({ timeout: 100 }))
    return server.info.port
  }
}

/** Starts a server, and sends a request. @returns {Promise<{ view: () => any, answer: () => void, raw: any, client: any, response: Promise<any> }>} */
async function requested (start, { headers, options } = {}) {
  let begun
  const handled = new Promise((resolve) => { begun = (view, answer, raw) => resolve({ view, answer, raw }) })
  const port = await start(begun, options)
  const client = await connect(port)
  const response = client.send('GET /', { headers })
  return { ...await handled, client, response }
}

for (const [name, start] of Object.entries(servers)) {
  describe(`the signal of a request in ${name}`, () => {
    afterEach(closeOpened)

    it('aborts when the client has left', async () => {
      const { view, client } = await requested(start)
      const { signal } = view()
      assert.equal(signal.aborted, false)
      assert.equal(view().signal, signal)
      client.destroy()
      await once(signal, 'abort')
      assert.equal(signal.reason.name, 'AbortError')
    })

    it('has aborted if the client had left before somebody looked', async () => {
      const { view, raw, client } = await requested(start)
      client.destroy()
      await once(raw.socket, 'close')
      const { signal } = view()
      assert.equal(signal.aborted, true)
      assert.equal(signal.reason.name, 'AbortError')
      assert.equal(view().signal, signal)
    })

    it('does not abort once the response was sent', async () => {
      const { view, answer, response, client } = await requested(start, { headers: DEADLINE, options: { deadline: { header: 'x-deadline' } } })
      const { signal } = view()
      answer()
      assert.equal((await response).status, 200)
      client.destroy()
      await sleep(1.2 * DEADLINE_MS)
      assert.equal(signal.aborted, false)
    })

    it('has not aborted if somebody looks only after the response was sent', async () => {
      const { view, answer, raw, response, client } = await requested(start)
      answer()
      assert.equal((await response).status, 200)
      assert.equal(view().signal.aborted, false)
      client.destroy()
      await once(raw.socket, 'close')
      assert.equal(view().signal.aborted, false)
    })

    it('does not abort for a deadline that is too far away for a timer', async () => {
      const { view, answer, response } = await requested(start, { headers: { 'grpc-timeout': '1000H' }, options: { deadline: true } })
      const { signal } = view()
      await sleep(20)
      assert.equal(signal.aborted, false)
      answer()
      await response
    })

    it('aborts when the deadline has passed', async function () {
      needs(this, 'the native addon', backend === 'native')
      const { view } = await requested(start, { headers: DEADLINE, options: { deadline: { header: 'x-deadline' } } })
      const { signal } = view()
      assert.equal(signal.aborted, false)
      await once(signal, 'abort')
      assert.equal(signal.reason.name, 'TimeoutError')
    })
  })
}

describe('the property spillway of a request', () => {
  afterEach(closeOpened)

  it('over HTTP/2 aborts its signal when the client resets the stream', async () => {
    let view
    const server = http2.createServer((req) => { view = req.spillway })
    guard(server)
    const port = await listen(server)
    const session = http2.connect(`http://127.0.0.1:${port}`)
    opened(() => session.destroy())
    const stream = session.request({ ':path': '/' })
    stream.on('error', () => {})
    await until(() => view !== undefined)
    const { signal } = view
    stream.close(http2.constants.NGHTTP2_CANCEL)
    await once(signal, 'abort')
    assert.equal(signal.reason.name, 'AbortError')
  })

  it('is neither an own nor an enumerable property, and can be replaced', async () => {
    const server = http.createServer((req, res) => {
      assert.equal(Object.hasOwn(req, 'spillway'), false)
      assert.equal(Object.keys(req).includes('spillway'), false)
      req.spillway = 'replaced'
      res.end(req.spillway)
    })
    guard(server)
    const client = await connect(await listen(server))
    assert.equal((await client.send('GET /')).body, 'replaced')
  })

  it('is undefined in the prototype of requests, where somebody may have looked', async () => {
    assert.equal(http.IncomingMessage.prototype.spillway, undefined)
    const { view } = await requested(servers.http)
    assert.ok(view().signal instanceof AbortSignal)
    assert.equal(http.IncomingMessage.prototype.spillway, undefined)
  })

  it('does not abort the signal of an upgrade for its deadline', async function () {
    needs(this, 'the native addon', backend === 'native')
    const server = http.createServer()
    guard(server, { deadline: { header: 'X-Deadline' } })
    const upgrade = once(server, 'upgrade')
    const client = await connect(await listen(server))
    client.send('GET /', { headers: { Connection: 'Upgrade', Upgrade: 'test', ...DEADLINE } }).catch(() => {})
    const [req, socket] = await upgrade
    opened(() => socket.destroy())
    const { signal } = req.spillway
    await sleep(DEADLINE_MS + 100)
    assert.equal(signal.aborted, false)
  })

  it('is an accessor of no other class', async () => {
    const app = fastify()
    await app.register(spillwayFastify)
    app.get('/', () => 'ok')
    assert.equal((await app.inject('/')).statusCode, 200)
    assert.equal('spillway' in {}, false)
    assert.equal('spillway' in new EventEmitter(), false)
    await app.close()
  })

  it('is undefined in a response', async () => {
    const server = http.createServer((req, res) => res.end())
    guard(server)
    const [response] = await once(http.get({ port: await listen(server) }), 'response')
    assert.equal(response.spillway, undefined)
    response.resume()
  })
})
