'use strict'

const assert = require('node:assert/strict')
const { Writable } = require('node:stream')
const { mock } = require('node:test')
const { setImmediate, setTimeout } = require('node:timers/promises')
const fastify = require('fastify')
const spillway = require('../../lib/adapters/fastify/index.js')
const { connect } = require('../support/client.js')
const { LIMIT_MS, late } = require('../support/late.js')
const { closeOpened, opened } = require('../support/opened.js')

const OVER = { maxHeapUsedBytes: 1 }

afterEach(closeOpened)

describe('a limit of spillway/fastify', () => {
  function make (settings) {
    const app = fastify({ forceCloseConnections: true, ...settings })
    opened(() => app.close())
    app.get('/', async () => 'ok')
    return app
  }

  it('refuses with FST_UNDER_PRESSURE and a Retry-After of 10 s by default', async () => {
    const app = make()
    await app.register(spillway, { ...OVER, exempt: '/free' })
    app.get('/free', async () => 'free')
    const { statusCode, headers, body } = await app.inject('/')
    assert.equal(statusCode, 503)
    assert.equal(headers['retry-after'], '10')
    assert.equal(JSON.parse(body).code, 'FST_UNDER_PRESSURE')
    assert.equal((await app.inject('/free')).body, 'free')
    assert.equal(app.isUnderPressure(), true)
    assert.ok(app.memoryUsage().heapUsed > 1)
  })

  it('refuses with the retryAfter that is set', async () => {
    const app = make()
    await app.register(spillway, { ...OVER, retryAfter: 3 })
    assert.equal((await app.inject('/')).headers['retry-after'], '3')
  })

  it('accepts false in place of each function', async () => {
    const app = make()
    await app.register(spillway, { healthCheck: false, pressureHandler: false, customError: false, exposeStatusRoute: false })
    assert.equal((await app.inject('/')).statusCode, 200)
  })

  it('applies within the plugin that sets it', async () => {
    const app = make()
    await app.register(async (child) => {
      await child.register(spillway, OVER)
      child.get('/a', async () => 'a')
    })
    await app.register(async (child) => {
      await child.register(spillway, { maxHeapUsedBytes: 2 ** 50 })
      child.get('/b', async () => 'b')
    })
    const codes = await Promise.all(['/', '/a', '/b'].map(async (url) => (await app.inject(url)).statusCode))
    assert.deepEqual(codes, [200, 503, 200])
    assert.equal(app.isUnderPressure, undefined)
  })

  it('applies within a plugin that sets it, even if an outer plugin has judged the request already', async () => {
    const app = make()
    await app.register(spillway, { exempt: '/free' })
    await app.register(async (child) => {
      await child.register(spillway, { ...OVER, exempt: '/in/free', pressureHandler: (request) => request.query.pass ? undefined : 'handled' })
      child.get('/in', async () => 'in')
      child.get('/in/free', async () => 'free')
    })
    await app.register(async (child) => {
      await child.register(spillway, OVER)
      child.get('/free', async () => 'free')
    })
    const bodies = await Promise.all(['/', '/in', '/in?pass=1', '/in/free'].map(async (url) => (await app.inject(url)).body))
    assert.deepEqual(bodies, ['ok', 'handled', 'in', 'free'])
    assert.equal((await app.inject('/free')).statusCode, 503)
    assert.equal(app.spillway.stats().admitted, 4)
  })

  it('does not let an encapsulated plugin use the spill', async () => {
    const app = make()
    let spill
    await app.register(async (child) => {
      await child.register(spillway)
      spill = child.spillway
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    assert.match(spill.snapshot().spill.why, /^the gate may judge only some paths/)
  })

  it('accepts only a class of errors as customError', async () => {
    for (const customError of [() => new Error('full'), new Error('full')]) {
      await assert.rejects(async () => make().register(spillway, { customError }), /option "customError" takes a class of errors/)
    }
  })

  it('refuses with an error of the customError class, as the admission controller does', async () => {
    class Full extends Error {
      statusCode = 529
    }
    const app = make()
    await app.register(spillway, { customError: Full, maxDelay: LIMIT_MS })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const client = await connect(app.server.address().port)
    assert.equal((await late(() => client.send('GET /'))).status, 529)
    const other = make()
    await other.register(spillway, { ...OVER, customError: Full })
    assert.equal((await other.inject('/')).statusCode, 529)
  })

  describe('with a pressureHandler', () => {
    it('calls the handler of the route rather than that of the plugin, with type and value', async () => {
      const app = make()
      await app.register(spillway, { ...OVER, pressureHandler: () => 'of the plugin' })
      app.get('/own', {
        config: { pressureHandler: (request, reply, type, value) => reply.code(202).send({ type, over: value > 1 }) }
      }, async () => 'ok')
      assert.equal((await app.inject('/')).body, 'of the plugin')
      const { statusCode, body } = await app.inject('/own')
      assert.equal(statusCode, 202)
      assert.equal(body, '{"type":"heapUsedBytes","over":true}')
      assert.equal(app.spillway.stats().shedBy.heapUsedBytes, 2)
    })

    it('calls the exempt function once per request', async () => {
      const app = make()
      const asked = []
      const exempt = ({ url }) => {
        asked.push(url)
        return false
      }
      await app.register(spillway, { ...OVER, exempt, exposeStatusRoute: true, pressureHandler: async () => {} })
      for (const url of ['/', '/status']) assert.equal((await app.inject(url)).statusCode, 200)
      assert.deepEqual(asked, ['/', '/status'])
      const { admitted, exempt: exempted, shed } = app.spillway.stats()
      assert.deepEqual({ admitted, exempted, shed }, { admitted: 1, exempted: 1, shed: 0 })
    })

    it('ignores the handler of the route if it is not a function', async () => {
      const app = make()
      await app.register(spillway, { ...OVER, pressureHandler: () => 'of the plugin' })
      app.get('/own', { config: { pressureHandler: false } }, async () => 'ok')
      assert.equal((await app.inject('/own')).body, 'of the plugin')
    })

    for (const [how, handler] of Object.entries({
      'is returned': () => 'handled',
      'is sent': (request, reply) => { reply.send('handled') },
      'is sent by an async function': async (request, reply) => { reply.send('handled') }
    })) {
      it(`keeps the route from also answering if the handler's answer, which ${how}, waits for a hook`, async () => {
        const app = make()
        await app.register(spillway, { ...OVER, pressureHandler: handler })
        app.addHook('onSend', async () => { await setTimeout(1) })
        app.get('/own', () => assert.fail('asked'))
        assert.equal((await app.inject('/own')).body, 'handled')
        const { admitted, shed } = app.spillway.stats()
        assert.deepEqual({ admitted, shed }, { admitted: 0, shed: 1 })
      })
    }

    it('asks the admission controller if the handler lets the request pass', async () => {
      const app = make()
      await app.register(spillway, { ...OVER, maxDelay: LIMIT_MS, pressureHandler: async () => {} })
      await app.listen({ port: 0, host: '127.0.0.1' })
      const client = await connect(app.server.address().port)
      assert.equal((await client.send('GET /')).status, 200)
      const { status, body } = await late(() => client.send('GET /'))
      assert.equal(status, 503)
      assert.equal(JSON.parse(body).code, 'SPILLWAY_SHED')
      const { admitted, shedBy } = app.spillway.stats()
      assert.deepEqual({ admitted, shedBy }, { admitted: 1, shedBy: { delay: 1, inFlight: 0, maxInFlight: 0, fairShare: 0, priority: 0, deadline: 0, handshake: 0, spill: 0 } })
    })

    it('calls the handler neither for exempt requests nor in a dry run', async () => {
      const fail = () => assert.fail('asked')
      const app = make()
      await app.register(spillway, { ...OVER, exempt: '/', pressureHandler: fail })
      assert.equal((await app.inject('/')).statusCode, 200)
      const observing = make()
      await observing.register(spillway, { ...OVER, dryRun: true, pressureHandler: fail })
      assert.equal((await observing.inject('/')).statusCode, 200)
    })

    for (const [how, handler] of Object.entries({
      throws: () => { throw new Error('broken') },
      rejects: async () => { throw new Error('broken') },
      // eslint-disable-next-line prefer-promise-reject-errors
      'rejects without a reason': () => Promise.reject()
    })) {
      it(`sends Fastify's own error response, and counts the refusal, if the handler ${how}`, async () => {
        const app = make()
        await app.register(spillway, { ...OVER, pressureHandler: handler })
        assert.equal((await app.inject('/')).statusCode, 500)
        assert.equal(app.spillway.stats().shedBy.heapUsedBytes, 1)
      })
    }
  })

  describe('with the status route', () => {
    for (const exempt of ['/status', () => true]) {
      it(`admits the route if it is exempt by a ${typeof exempt}`, async () => {
        const app = make()
        await app.register(spillway, { ...OVER, exempt, exposeStatusRoute: true })
        assert.equal((await app.inject('/status')).statusCode, 200)
      })
    }

    it('applies only the limits to the route, without the admission controller', async () => {
      const app = make()
      await app.register(spillway, { maxDelay: LIMIT_MS, exposeStatusRoute: true })
      await app.listen({ port: 0, host: '127.0.0.1' })
      const client = await connect(app.server.address().port)
      const { status, body } = await late(() => client.send('GET /status'))
      assert.deepEqual({ status, body }, { status: 200, body: '{"status":"ok"}' })
      assert.equal(app.spillway.stats().exempt, 1)
      const other = make()
      await other.register(spillway, { ...OVER, exposeStatusRoute: '/alive' })
      assert.equal((await other.inject('/alive')).statusCode, 503)
    })

    it('serves the route below the prefix of its plugin', async () => {
      const app = make()
      let gate
      await app.register(async (child) => {
        await child.register(spillway, { maxInFlight: 1, exposeStatusRoute: true })
        gate = child.spillway
      }, { prefix: '/v1' })
      assert.equal((await app.inject('/v1/status')).statusCode, 200)
      assert.equal(gate.stats().exempt, 1)
    })

    it('runs the health check on each request for the route, so that no interval is needed', async () => {
      let asked = 0
      const app = make()
      await app.register(spillway, { healthCheck: async () => ++asked, exposeStatusRoute: true })
      assert.equal(asked, 1)
      await app.inject('/status')
      assert.equal(asked, 2)
    })

    it('repeats a failed health check by itself only until it succeeds', async () => {
      mock.timers.enable({ apis: ['setTimeout'] })
      try {
        let asked = 0
        const app = make()
        await app.register(spillway, { healthCheck: async () => ++asked > 1, exposeStatusRoute: true })
        assert.equal((await app.inject('/status')).statusCode, 503)
        mock.timers.tick(5000)
        await setImmediate()
        assert.equal((await app.inject('/')).statusCode, 200)
        mock.timers.tick(60_000)
        await setImmediate()
        assert.equal(asked, 2)
      } finally {
        mock.timers.reset()
      }
    })

    for (const [name, exposeStatusRoute] of [
      ['RangeError', 'alive'], ['RangeError', { url: 'alive' }], ['TypeError', { url: 5 }], ['TypeError', { rul: '/alive' }]
    ]) {
      it(`rejects ${JSON.stringify(exposeStatusRoute)} as exposeStatusRoute with a ${name}`, async () => {
        const message = /option "exposeStatusRoute" takes true or false, a path.* got ("alive"|an object)/
        await assert.rejects(async () => make().register(spillway, { exposeStatusRoute }), { name, message })
      })
    }
  })

  it('refuses until the first result of the health check', async () => {
    const app = make()
    await app.register(spillway, { healthCheck: async () => { await setTimeout(20) } })
    assert.equal(app.isUnderPressure(), true)
  })

  it('logs each failure of the health check', async () => {
    const lines = []
    const stream = new Writable({ write (line, encoding, done) { lines.push(JSON.parse(line)); done() } })
    const app = make({ logger: { level: 'error', stream } })
    await app.register(spillway, { healthCheck: () => { throw new Error('down') } })
    assert.equal((await app.inject('/')).statusCode, 503)
    assert.ok(lines.some(({ err }) => err?.message === 'down'))
  })
})
