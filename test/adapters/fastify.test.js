'use strict'

const assert = require('node:assert/strict')
const dns = require('node:dns')
const { Writable } = require('node:stream')
const fastify = require('fastify')
const spillway = require('../../lib/adapters/fastify/index.js')
const { guard } = require('../../lib/adapters/http.js')
const { block } = require('../support/block.js')
const { connect } = require('../support/client.js')
const { LATE_MS, LIMIT_MS, late } = require('../support/late.js')
const { closeOpened, opened } = require('../support/opened.js')

const maxDelay = LIMIT_MS

afterEach(closeOpened)

describe('spillway/fastify', () => {
  /** @param {(app: any) => void} [extend] */
  async function start (options, extend = () => {}, settings = {}) {
    const app = fastify({ forceCloseConnections: true, ...settings })
    opened(() => app.close())
    await app.register(spillway, { maxDelay, ...options })
    app.get('/', async () => 'ok')
    extend(app)
    await app.listen({ port: 0, host: '127.0.0.1' })
    return { app, client: await connect(app.server.address().port) }
  }

  it('refuses with an error whose code is SPILLWAY_SHED', async () => {
    const { client } = await start({ message: 'full', retryAfter: 9 })
    const refused = await late(() => client.send('GET /'))
    assert.equal(refused.status, 503)
    assert.equal(refused.headers['retry-after'], '9')
    assert.deepEqual(JSON.parse(refused.body), {
      statusCode: 503, code: 'SPILLWAY_SHED', error: 'Service Unavailable', message: 'full'
    })
  })

  it('refuses through setErrorHandler and the onError, onSend and onResponse hooks', async () => {
    const seen = []
    const { client } = await start({ retryAfter: 9 }, (app) => {
      app.setErrorHandler((error, request, reply) => {
        seen.push(['handler', error.code])
        reply.code(error.statusCode).send({ sorry: error.info.reason })
      })
      app.addHook('onError', async (request, reply, error) => { seen.push(['onError', error.code]) })
      app.addHook('onSend', async (request, reply) => { seen.push(['onSend', reply.statusCode]) })
      app.addHook('onResponse', async (request, reply) => { seen.push(['onResponse', reply.statusCode]) })
    })
    const refused = await late(() => client.send('GET /'))
    assert.equal(refused.status, 503)
    assert.equal(refused.headers['retry-after'], '9')
    assert.equal(refused.body, '{"sorry":"delay"}')
    // The onResponse hook runs when the response has been sent, which the client may learn first.
    await client.send('GET /')
    assert.deepEqual(seen.slice(0, 4), [
      ['onError', 'SPILLWAY_SHED'], ['handler', 'SPILLWAY_SHED'], ['onSend', 503], ['onResponse', 503]
    ])
  })

  it('logs a refusal', async () => {
    const lines = []
    const stream = new Writable({ write (line, encoding, done) { lines.push(JSON.parse(line)); done() } })
    const { client } = await start({}, undefined, { logger: { level: 'info', stream } })
    await late(() => client.send('GET /'))
    await client.send('GET /')
    assert.ok(lines.some(({ err }) => err?.code === 'SPILLWAY_SHED'))
    assert.ok(lines.some(({ msg, res }) => msg === 'request completed' && res.statusCode === 503))
  })

  it('covers routes that were declared before it, and those of encapsulated plugins', async () => {
    const app = fastify({ forceCloseConnections: true })
    opened(() => app.close())
    app.get('/before', async () => 'ok')
    app.register(async (child) => child.get('/child', async () => 'ok'))
    app.register(spillway, { maxDelay })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const client = await connect(app.server.address().port)
    const refused = await late(() => [client.send('GET /before'), client.send('GET /child')])
    assert.deepEqual(refused.map(({ status }) => status), [503, 503])
    assert.equal((await client.send('GET /before')).status, 200)
    assert.equal((await client.send('GET /child')).status, 200)
  })

  it('accepts the options that register() passes on, and those that a function returns', async () => {
    const app = fastify()
    await app.register(spillway, { maxDelay: 33, prefix: '/x', logLevel: 'warn', logSerializers: {} })
    assert.equal(app.spillway.snapshot().maxDelay, 33)
    await app.close()
    const other = fastify()
    await other.register(spillway, () => ({ maxDelay: 44 }))
    assert.equal(other.spillway.snapshot().maxDelay, 44)
    await other.close()
  })

  it('rejects invalid options even if register() is not awaited', async () => {
    await assert.rejects(async () => fastify().register(spillway, { maxDelay: 1 }).ready(), RangeError)
    const app = fastify()
    app.register(spillway, { maxDelay: 1 })
    await assert.rejects(app.listen({ port: 0, host: '127.0.0.1' }), RangeError)
  })

  it('rejects a second registration', async () => {
    const app = fastify()
    await app.register(spillway)
    await assert.rejects(async () => app.register(spillway), { code: 'FST_ERR_DEC_ALREADY_PRESENT' })
    await app.close()
  })

  it('closes its gate with the application', async () => {
    const { app, client } = await start()
    const gate = app.spillway
    assert.equal((await late(() => client.send('GET /'))).status, 503)
    assert.equal(gate.snapshot().closed, false)
    await app.close()
    assert.equal(gate.snapshot().closed, true)
  })

  it('keeps its figures separate from those of another application', async () => {
    const [a, b] = [await start(), await start()]
    await late(() => a.client.send('GET /'))
    assert.equal(a.app.spillway.stats().shed, 1)
    assert.equal(b.app.spillway.stats().shed, 0)
  })

  it('judges injected requests, which have not waited', async () => {
    const { app } = await start({ exempt: '/health' })
    const answer = app.inject('/')
    block(LATE_MS)
    assert.equal((await answer).statusCode, 200)
    assert.equal((await app.inject('/health')).statusCode, 404)
    const { admitted, exempt, inFlight, lastWaits } = app.spillway.stats()
    assert.deepEqual({ admitted, exempt, inFlight, lastWaits }, { admitted: 1, exempt: 1, inFlight: 0, lastWaits: [0] })
  })

  describe('when localhost has two addresses and Fastify opens a second server,', () => {
    const { lookup } = dns
    // As on a machine with the address ::1, which not every test machine has.
    const addresses = [{ address: '127.0.0.1', family: 4 }, { address: '127.0.0.2', family: 4 }]
    before(() => {
      dns.lookup = (host, options, callback = options) => {
        if (host !== 'localhost') return lookup(host, options, callback)
        setImmediate(() => options.all ? callback(null, addresses) : callback(null, addresses[0].address, 4))
      }
    })
    after(() => { dns.lookup = lookup })

    async function startTwo (register) {
      const app = fastify({ forceCloseConnections: true })
      opened(() => app.close())
      await register(app)
      app.get('/', async () => 'ok')
      await app.listen({ port: 0 })
      const { port } = app.server.address()
      assert.equal(app.addresses().length, 2)
      return { app, clients: await Promise.all(addresses.map(({ address }) => connect({ port, host: address }))) }
    }

    it('covers both servers, and counts each request once', async () => {
      const { app, clients } = await startTwo((app) => app.register(spillway, { maxDelay }))
      const refused = await late(() => clients.map((client) => client.send('GET /')))
      assert.deepEqual(refused.map(({ status }) => status), [503, 503])
      const admitted = await Promise.all(clients.map((client) => client.send('GET /')))
      assert.deepEqual(admitted.map(({ status }) => status), [200, 200])
      assert.equal(app.spillway.stats().shed, 2)
      assert.equal(app.spillway.stats().admitted, 2)
    })

    it('counts each request once if guard() covers the first server too', async () => {
      let gate
      const { app, clients } = await startTwo(async (app) => {
        gate = guard(app.server, { maxDelay })
        await app.register(spillway, { maxDelay })
      })
      const refused = await late(() => clients.map((client) => client.send('GET /')))
      assert.deepEqual(refused.map(({ status }) => status), [503, 503])
      assert.equal(gate.stats().shed, 1)
      assert.equal(app.spillway.stats().shed, 1)
      gate.close()
    })
  })
})
