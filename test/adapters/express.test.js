'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const express5 = require('express')
const express4 = require('express4')
const spillway = require('../../lib/adapters/express.js')
const { connect } = require('../support/client.js')
const { LIMIT_MS, late } = require('../support/late.js')
const { listen } = require('../support/listen.js')
const { closeOpened } = require('../support/opened.js')

const maxDelay = LIMIT_MS

afterEach(closeOpened)

for (const [name, express] of [['express 5', express5], ['express 4', express4]]) {
  describe(`spillway/express in ${name}`, () => {
    const newApp = () => express().set('env', 'test')

    async function connectTo (app) {
      const server = http.createServer(app)
      return connect(await listen(server))
    }

    it('is middleware with three parameters that carries its gate', () => {
      const middleware = spillway()
      assert.equal(middleware.length, 3)
      assert.deepEqual(Object.keys(middleware), ['stats', 'snapshot', 'close'])
      middleware.close()
    })

    it('answers before anything behind it runs', async () => {
      const calls = []
      const app = newApp().use(spillway({ maxDelay })).use((req, res) => { calls.push(req.url); res.send('ok') })
      const client = await connectTo(app)
      assert.equal((await late(() => client.send('GET /late'))).status, 503)
      assert.equal((await client.send('GET /in-time')).status, 200)
      assert.deepEqual(calls, ['/in-time'])
    })

    it('answers with plain text, whatever the message contains', async () => {
      const client = await connectTo(newApp().use(spillway({ maxDelay, message: '<b>later</b>' })))
      const { headers, body } = await late(() => client.send('GET /'))
      assert.equal(headers['content-type'], 'text/plain; charset=utf-8')
      assert.equal(body, '<b>later</b>')
    })

    it('keeps headers that earlier middleware has set', async () => {
      const app = newApp().use((req, res, next) => { res.set('Access-Control-Allow-Origin', '*'); next() })
      const client = await connectTo(app.use(spillway({ maxDelay })))
      const refused = await late(() => client.send('GET /'))
      assert.equal(refused.status, 503)
      assert.equal(refused.headers['access-control-allow-origin'], '*')
    })

    describe('with the option errorMode', () => {
      it('passes an error with status and statusCode to the error handler, and keeps Retry-After', async () => {
        let error
        const app = newApp().use(spillway({ maxDelay, errorMode: true, retryAfter: 9, message: 'full' }))
        app.use((err, req, res, next) => {
          error = err
          res.status(err.status).json({ sorry: err.message })
        })
        const client = await connectTo(app)
        const refused = await late(() => client.send('GET /'))
        assert.equal(refused.status, 503)
        assert.equal(refused.headers['retry-after'], '9')
        assert.equal(refused.body, '{"sorry":"full"}')
        assert.ok(error instanceof Error)
        assert.equal(error.code, 'SPILLWAY_SHED')
        assert.equal(error.status, 503)
        assert.equal(error.statusCode, 503)
        assert.equal(error.info.reason, 'delay')
      })

      it("reaches Express's own error handler, which also keeps Retry-After", async () => {
        const app = newApp().use(spillway({ maxDelay, errorMode: true, retryAfter: 9 }))
        const client = await connectTo(app)
        const refused = await late(() => client.send('GET /'))
        assert.equal(refused.status, 503)
        assert.equal(refused.headers['retry-after'], '9')
        assert.equal((await client.send('GET /')).status, 404)
      })
    })

    describe('with the option respond', () => {
      const start = (respond) => connectTo(newApp()
        .use(spillway({ maxDelay, respond }))
        .use((req, res) => res.send('ok'))
        .use((err, req, res, next) => res.headersSent ? next(err) : res.status(500).send(err.message)))

      it('passes an error that respond throws or rejects with to the error handler', async () => {
        for (const respond of [() => { throw new Error('broken') }, async () => { throw new Error('broken') }]) {
          const client = await start(respond)
          const answer = await late(() => client.send('GET /'))
          assert.equal(answer.status, 500)
          assert.equal(answer.body, 'broken')
        }
      })

      it('may call next()', async () => {
        const client = await start((req, res, info, next) => next(Object.assign(new Error(info.reason), { status: 503 })))
        assert.equal((await late(() => client.send('GET /'))).body, 'delay')
      })
    })

    it('judges whole paths in nested applications, and a request passes only one gate', async () => {
      const outer = spillway({ maxDelay, exempt: '/api/health' })
      const inner = spillway({ maxDelay, exempt: '/api/only-inside' })
      const api = newApp().use(inner).use((req, res) => res.send(`inner ${req.url}`))
      const app = newApp().use(outer).use('/api', api)
      const client = await connectTo(app)
      const answers = await late(() => ['/api/health', '/health', '/api/x'].map((path) => client.send(`GET ${path}`)))
      assert.deepEqual(answers.map(({ status }) => status), [200, 503, 503])
      assert.equal((await client.send('GET /api/x')).status, 200)
      const { admitted, shed, exempt } = outer.stats()
      assert.deepEqual({ admitted, shed, exempt }, { admitted: 1, shed: 2, exempt: 1 })
      assert.deepEqual(inner.stats().lastWaits, [])
      assert.equal(inner.stats().admitted + inner.stats().exempt + inner.stats().shed, 0)
    })

    it('judges whole paths if it is only in a mounted application', async () => {
      const inner = spillway({ maxDelay, exempt: ['/api/health', '/private*'] })
      const api = newApp().use(inner).use((req, res) => res.send(req.url))
      const client = await connectTo(newApp().use('/api', api))
      const answers = await late(() => ['/api/health', '/api/private'].map((path) => client.send(`GET ${path}`)))
      assert.deepEqual(answers.map(({ status }) => status), [200, 503])
    })

    it('works with any framework that calls (req, res, next)', async () => {
      const middleware = spillway({ maxDelay })
      const client = await connectTo((req, res) => middleware(req, res, (error) => res.end(String(error))))
      assert.equal((await late(() => client.send('GET /'))).status, 503)
      assert.equal((await client.send('GET /')).body, 'undefined')
      middleware.close()
    })
  })
}
