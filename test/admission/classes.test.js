'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const { EventEmitter } = require('node:events')
const express = require('express')
const fastify = require('fastify')
const hapi = require('@hapi/hapi')
const spillwayExpress = require('../../lib/adapters/express.js')
const spillwayFastify = require('../../lib/adapters/fastify/index.js')
const spillwayHapi = require('../../lib/adapters/hapi/index.js')
const { hold } = require('../support/hold.js')
const { listen } = require('../support/listen.js')
const { kinds } = require('../support/servers.js')
const { connect } = require('../support/client.js')
const { LIMIT_MS, late } = require('../support/late.js')
const { closeOpened, opened } = require('../support/opened.js')
const { until, remains } = require('../support/until.js')
const { keepWarnings } = require('../support/warnings.js')

/** After this many requests, a route becomes a class. */
const OFTEN = 16

afterEach(closeOpened)

const classesOf = (gate) => gate.snapshot().classes.map(({ class: name }) => name)
const urlOf = (request) => request.url?.pathname ?? request.url

/** Checks that a condition holds for longer than an interval of the admission controller, 100 ms. */
const stays = (condition) => remains(condition, 150)

async function send (client, line, times = 1) {
  for (let i = 0; i < times; i++) await client.send(line)
}

for (const kind of kinds) {
  describe(`classes in ${kind.name}`, () => {
    async function start (options) {
      const told = []
      const site = await kind.start({ maxDelay: LIMIT_MS, onShed: (info) => told.push(info), ...options })
      return { site, told, client: await connect(site.port) }
    }

    it('are formed by method and route, from the 16th request on', async () => {
      const { site, told, client } = await start()
      await send(client, 'GET /', OFTEN - 1)
      await send(client, 'POST /')
      assert.deepEqual(classesOf(site.gate), ['*'])
      await send(client, 'GET /?query')
      assert.deepEqual(classesOf(site.gate), ['*', 'GET /'])
      await late(() => client.send('GET /?other'))
      await late(() => client.send('GET /health'))
      assert.deepEqual(told.map(({ reason, class: name }) => [reason, name]), [['delay', 'GET /'], ['delay', '*']])
    })

    it('are not formed for requests that are answered with a client error', async () => {
      const { site, client } = await start()
      for (let i = 0; i < 2 * OFTEN; i++) {
        assert.equal((await client.send('GET /nowhere')).status, 404)
      }
      assert.deepEqual(classesOf(site.gate), ['*'])
    })

    // In http, such a request receives no answer.
    if (kind.name !== 'http') {
      it('are formed for requests that are answered with a server error', async () => {
        const { site, client } = await start()
        for (let i = 0; i < OFTEN; i++) assert.equal((await client.send('GET /throw')).status, 500)
        assert.deepEqual(classesOf(site.gate), ['*', 'GET /throw'])
      })
    }

    it('each have their own in-flight count', async () => {
      const { site, client } = await start({ maxDelay: false })
      await send(client, 'GET /', OFTEN)
      const { answer, release } = await hold(site, () => client.send('GET /hold'))
      const counts = site.gate.snapshot().classes.map(({ class: name, inFlight }) => [name, inFlight])
      assert.deepEqual(counts, [['*', 1], ['GET /', 0]])
      release()
      await answer
    })

    it('are named in refusals for maxInFlight', async () => {
      const { site, told, client } = await start({ maxInFlight: 1 })
      await send(client, 'GET /', OFTEN)
      const other = await connect(site.port)
      await hold(site, () => other.send('GET /hold'))
      assert.equal((await client.send('GET /')).status, 503)
      assert.deepEqual(told.map(({ reason, class: name, inFlight }) => [reason, name, inFlight]), [['maxInFlight', 'GET /', 1]])
    })

    it('learn the no-load response time, but not from a request whose client left', async () => {
      const { site, client } = await start()
      const noLoadMs = () => site.gate.snapshot().classes[0].noLoadMs
      const leaving = await connect(site.port)
      await hold(site, () => leaving.send('GET /hold'))
      leaving.destroy()
      await until(() => site.gate.stats().inFlight === 0)
      await stays(() => noLoadMs() === 0)
      await client.send('GET /')
      await until(() => noLoadMs() > 0)
      assert.equal(site.gate.stats().admitted, 2)
    })

    it('have the name that classify returns, or that of the route if it returns undefined', async () => {
      const given = []
      const { site, told, client } = await start({
        exempt: '/health/deep',
        classify: (request) => {
          given.push(request)
          return urlOf(request) === '/' ? 'front' : undefined
        }
      })
      await send(client, 'GET /', OFTEN)
      await send(client, 'GET /health', OFTEN)
      await send(client, 'GET /health/deep')
      assert.deepEqual(classesOf(site.gate), ['*', 'front', 'GET /health'])
      await late(() => client.send('GET /'))
      await late(() => client.send('GET /health'))
      assert.deepEqual(told.map(({ class: name }) => name), ['front', 'GET /health'])
      // classify is not called for exempt requests.
      assert.equal(given.length, 2 * OFTEN + 2)
      for (const request of given) assert.ok(kind.isRequest(request, site))
    })

    it('may have any name that can be converted to a string', async () => {
      for (const [name, text] of [[7, '7'], [true, 'true'], [null, 'null'], [Symbol('s'), 'Symbol(s)']]) {
        const { site, client } = await start({ classify: () => name })
        await send(client, 'GET /', OFTEN)
        assert.deepEqual(classesOf(site.gate), ['*', text])
      }
    })

    const faults = {
      throws: () => { throw new Error('broken classify') },
      'returns a promise': async () => { throw new Error('broken classify') },
      'returns something that cannot be converted to a string': () => Object.create(null)
    }
    for (const [fault, classify] of Object.entries(faults)) {
      it(`are formed by route if classify ${fault}, and one process warning is emitted`, async () => {
        const { site, told, client } = await start({ classify })
        const warnings = keepWarnings()
        await send(client, 'GET /', OFTEN)
        assert.equal((await client.send('GET /')).status, 200)
        assert.deepEqual(classesOf(site.gate), ['*', 'GET /'])
        assert.equal((await late(() => client.send('GET /'))).status, 503)
        assert.equal(told[0].class, 'GET /')
        assert.deepEqual(await warnings(), ['SPILLWAY_CLASSIFY'])
      })
    }
  })
}

for (const kind of kinds.filter(({ name }) => !['fastify', 'hapi'].includes(name))) {
  it(`classes in ${kind.name}, which routes after the gate, are formed by the shape of the path`, async () => {
    const site = await kind.start()
    const client = await connect(site.port)
    for (let i = 0; i < OFTEN; i++) await send(client, `GET /pages/${i}/orders?page=${i}`)
    assert.deepEqual(classesOf(site.gate), ['*', 'GET /pages/:/orders'])
  })
}

it('classes learn nothing from a stream of server-sent events, whatever the request accepts', async () => {
  const gate = spillwayExpress()
  opened(() => gate.close())
  const app = express().use(gate)
  app.get('/events', (req, res) => res.type('text/event-stream').write('data: only\n\n', () => res.end()))
  app.get('/', (req, res) => res.send('ok'))
  const server = http.createServer(app)
  const client = await connect(await listen(server))
  assert.equal((await client.send('GET /events')).status, 200)
  const noLoadMs = () => gate.snapshot().classes[0].noLoadMs
  await stays(() => noLoadMs() === 0)
  await client.send('GET /')
  await until(() => noLoadMs() > 0)
})

/** Routes that are the same or different only by their patterns, in each framework's syntax. */
const routers = {
  fastify: {
    user: '/users/:id/orders/:order/items/:item/notes',
    async start (paths) {
      const app = fastify({ forceCloseConnections: true })
      opened(() => app.close())
      await app.register(spillwayFastify)
      for (const path of paths) app.get(path, async () => 'ok')
      await app.listen({ port: 0, host: '127.0.0.1' })
      return { gate: app.spillway, port: app.server.address().port }
    }
  },
  hapi: {
    user: '/users/{id}/orders/{order}/items/{item}/notes',
    async start (paths) {
      const server = hapi.server({ port: 0, host: '127.0.0.1', debug: false })
      opened(() => server.stop({ timeout: 0 }))
      await server.register(spillwayHapi)
      for (const path of paths) server.route({ method: 'GET', path, handler: () => 'ok' })
      await server.start()
      return { gate: server.plugins.spillway, port: server.info.port }
    }
  }
}

for (const [name, { user, start }] of Object.entries(routers)) {
  describe(`classes by the routes of ${name}`, () => {
    it("have the pattern's name, whatever the ids", async () => {
      const { gate, port } = await start([user])
      const client = await connect(port)
      for (let i = 0; i < OFTEN; i++) {
        const answer = await client.send(`GET /users/${'abc'[i % 3]}/orders/x${i}/items/some-name/notes?page=${i}`)
        assert.equal(answer.body, 'ok')
      }
      assert.deepEqual(classesOf(gate), ['*', `GET ${user}`])
    })

    it('differ by segments that only look like ids', async () => {
      const { gate, port } = await start(['/v1/slow', '/v2/slow', '/a/b/c/d/e', '/a/b/c/d/f'])
      const client = await connect(port)
      for (const path of ['/v1/slow', '/v2/slow', '/a/b/c/d/e', '/a/b/c/d/f']) {
        await send(client, `GET ${path}`, OFTEN - 1)
      }
      assert.deepEqual(classesOf(gate), ['*'])
      for (const path of ['/v1/slow', '/v2/slow', '/a/b/c/d/e', '/a/b/c/d/f']) await send(client, `GET ${path}`)
      assert.deepEqual(classesOf(gate), ['*', 'GET /v1/slow', 'GET /v2/slow', 'GET /a/b/c/d/e', 'GET /a/b/c/d/f'])
    })
  })
}

it("classes in fastify and hapi use the GET route's pattern for a HEAD request", async () => {
  for (const { user, start } of Object.values(routers)) {
    const { gate, port } = await start([user])
    const client = await connect(port)
    await send(client, 'HEAD /users/a/orders/b/items/c/notes', OFTEN)
    assert.deepEqual(classesOf(gate), ['*', `HEAD ${user}`])
  }
})

describe('injected requests in hapi', () => {
  it('take and free a place', async () => {
    const server = hapi.server({ debug: false })
    await server.register({ plugin: spillwayHapi, options: { maxInFlight: 1 } })
    const gate = server.plugins.spillway
    const events = new EventEmitter()
    server.route({ method: 'GET', path: '/', handler: () => 'ok' })
    server.route({ method: 'GET', path: '/hold', handler: () => new Promise((resolve) => events.emit('hold', resolve)) })
    const { answer, release } = await hold({ events }, () => server.inject('/hold'))
    assert.equal((await server.inject('/')).statusCode, 503)
    release('ok')
    assert.equal((await answer).statusCode, 200)
    assert.equal((await server.inject('/')).statusCode, 200)
    const { admitted, inFlight, shedBy } = gate.stats()
    assert.deepEqual({ admitted, inFlight, shedBy }, { admitted: 2, inFlight: 0, shedBy: { delay: 0, inFlight: 0, maxInFlight: 1, fairShare: 0, priority: 0, deadline: 0, handshake: 0, spill: 0 } })
    gate.close()
  })
})
