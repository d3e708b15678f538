'use strict'

const assert = require('node:assert/strict')
const hapi = require('@hapi/hapi')
const spillway = require('../../lib/adapters/hapi/index.js')
const { block } = require('../support/block.js')
const { connect } = require('../support/client.js')
const { LATE_MS, LIMIT_MS, late } = require('../support/late.js')
const { closeOpened, opened } = require('../support/opened.js')

const maxDelay = LIMIT_MS

afterEach(closeOpened)

describe('spillway/hapi', () => {
  /** @param {(server: any) => void} [extend] */
  async function start (options, extend = () => {}) {
    const server = hapi.server({ port: 0, host: '127.0.0.1', debug: false })
    await server.register({ plugin: spillway, options: { maxDelay, ...options } })
    server.route({ method: 'GET', path: '/', handler: () => 'ok' })
    server.route({ method: 'POST', path: '/', handler: (request) => request.payload })
    extend(server)
    await server.start()
    opened(() => server.stop({ timeout: 0 }))
    return { server, client: await connect(server.info.port) }
  }

  it('refuses with a Boom 503', async () => {
    const { client } = await start({ message: 'full', retryAfter: 9 })
    const refused = await late(() => client.send('GET /'))
    assert.equal(refused.status, 503)
    assert.equal(refused.headers['retry-after'], '9')
    assert.deepEqual(JSON.parse(refused.body), { statusCode: 503, error: 'Service Unavailable', message: 'full' })
  })

  it('passes the Boom to onPreResponse, which may replace the response', async () => {
    let boom
    const { client } = await start({ retryAfter: 9 }, (server) => {
      server.ext('onPreResponse', (request, h) => {
        if (!request.response.isBoom) return h.continue
        boom = request.response
        return h.response('a page').code(boom.output.statusCode)
      })
    })
    const refused = await late(() => client.send('GET /'))
    assert.equal(refused.status, 503)
    assert.equal(refused.body, 'a page')
    assert.equal(boom.isBoom, true)
    assert.equal(boom.isServer, true)
    assert.equal(boom.output.statusCode, 503)
    assert.equal(boom.output.headers['Retry-After'], '9')
    assert.equal(boom.code, 'SPILLWAY_SHED')
    assert.equal(boom.info.reason, 'delay')
    assert.equal((await client.send('GET /')).body, 'ok')
  })

  it("emits the server's response event for a refusal, and logs no error", async () => {
    const { server, client } = await start()
    const errors = []
    server.events.on({ name: 'request', channels: 'error' }, (request, event) => errors.push(event))
    const response = new Promise((resolve) => server.events.once('response', resolve))
    await late(() => client.send('GET /'))
    assert.equal((await response).response.statusCode, 503)
    assert.deepEqual(errors.filter(({ error }) => error?.output?.statusCode !== 503), [])
  })

  it('refuses before routing and any later work', async () => {
    const seen = []
    const { client } = await start({}, (server) => {
      server.ext('onRequest', (request, h) => { seen.push(request.path); return h.continue })
      server.ext('onPreAuth', (request, h) => { seen.push('auth'); return h.continue })
    })
    assert.equal((await late(() => client.send('GET /late'))).status, 503)
    assert.equal((await client.send('GET /')).status, 200)
    assert.deepEqual(seen, ['/', 'auth'])
  })

  it('rejects a second registration', async () => {
    const server = hapi.server()
    await server.register(spillway)
    await assert.rejects(server.register(spillway), /already registered/)
    server.plugins.spillway.close()
  })

  it('works with a server that is stopped and started again', async () => {
    const { server, client } = await start()
    assert.equal((await late(() => client.send('GET /'))).status, 503)
    await server.stop({ timeout: 0 })
    await server.start()
    const next = await connect(server.info.port)
    assert.equal((await late(() => next.send('GET /'))).status, 503)
    assert.equal(server.plugins.spillway.stats().shed, 2)
  })

  describe('with the option respond', () => {
    it('sends the payload that respond returns', async () => {
      const { client } = await start({ respond: (request, h, info) => ({ sorry: info.reason }) })
      const answer = await late(() => client.send('GET /'))
      assert.equal(answer.status, 200)
      assert.equal(answer.body, '{"sorry":"delay"}')
    })

    it('sends the status of an error that respond returns or throws', async () => {
      const teapot = Object.assign(new Error('short and stout'), { isBoom: true })
      teapot.output = { statusCode: 418, payload: { message: 'short and stout' }, headers: {} }
      for (const respond of [() => teapot, () => { throw teapot }, async () => { throw teapot }]) {
        const { client } = await start({ respond })
        assert.equal((await late(() => client.send('GET /'))).status, 418)
      }
    })

    it('lets respond answer on the raw response', async () => {
      const { client } = await start({
        respond: (request, h) => {
          request.raw.res.writeHead(299)
          request.raw.res.end()
          return h.abandon
        }
      })
      assert.equal((await late(() => client.send('GET /'))).status, 299)
    })

    it('lets respond admit the request, with its payload', async () => {
      const { server, client } = await start({ respond: (request, h) => h.continue })
      const answer = await late(() => client.send('POST /', { body: 'whole' }))
      assert.equal(answer.status, 200)
      assert.equal(answer.body, 'whole')
      assert.equal(server.plugins.spillway.stats().shed, 1)
    })
  })

  it('judges a path as it was sent if it matches an exempt prefix, even if Hapi resolves its dot segments to another route', async () => {
    const { server, client } = await start({ exempt: '/docs/*' }, (server) => {
      server.route({ method: 'GET', path: '/docs/{page}', handler: () => 'page' })
      server.route({ method: 'GET', path: '/slow', handler: () => 'slow' })
    })
    for (const path of ['/docs/../slow', '/docs/%2e%2e/slow', 'http://localhost/docs/../slow']) {
      const answers = await late(() => [client.send('GET /docs/page'), client.send(`GET ${path}`)])
      assert.deepEqual(answers.map(({ status }) => status), [200, 503], path)
      assert.equal((await client.send(`GET ${path}`)).body, 'slow')
    }
    const { admitted, exempt, shed } = server.plugins.spillway.stats()
    assert.deepEqual({ admitted, exempt, shed }, { admitted: 3, exempt: 3, shed: 3 })
  })

  it('judges injected requests, which have not waited', async () => {
    const { server } = await start({ exempt: '/health' })
    const answer = server.inject('/')
    block(LATE_MS)
    assert.equal((await answer).statusCode, 200)
    assert.equal((await server.inject('/health')).statusCode, 404)
    assert.equal((await server.inject({ method: 'POST', url: '/', payload: '"x"' })).result, 'x')
    const { admitted, exempt, inFlight, lastWaits } = server.plugins.spillway.stats()
    assert.deepEqual({ admitted, exempt, inFlight, lastWaits }, { admitted: 2, exempt: 1, inFlight: 0, lastWaits: [0, 0] })
  })

  it('listens to checkContinue, so that a client is refused before it sends the body', async () => {
    const { server, client } = await start()
    const headers = { Expect: '100-continue', 'Content-Length': '1' }
    const refused = await late(() => client.send('POST /', { headers, body: '' }))
    assert.equal(refused.status, 503)
    assert.equal(refused.headers.connection, 'close')
    assert.equal(server.plugins.spillway.stats().shed, 1)
  })
})
