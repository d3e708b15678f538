'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const Koa3 = require('koa')
const Koa2 = require('koa2')
const spillway = require('../../lib/adapters/koa.js')
const { connect } = require('../support/client.js')
const { LIMIT_MS, late } = require('../support/late.js')
const { listen } = require('../support/listen.js')
const { closeOpened } = require('../support/opened.js')

const maxDelay = LIMIT_MS

afterEach(closeOpened)

for (const [name, Koa] of [['koa 3', Koa3], ['koa 2', Koa2]]) {
  describe(`spillway/koa in ${name}`, () => {
    async function start (...middleware) {
      const app = new Koa()
      const errors = []
      app.on('error', (error) => errors.push(error))
      for (const each of middleware) app.use(each)
      const server = http.createServer(app.callback())
      await listen(server)
      return { client: await connect(server.address().port), errors }
    }

    const ok = (ctx) => { ctx.body = 'ok' }

    it('is middleware with two parameters that carries its gate', () => {
      const middleware = spillway()
      assert.equal(middleware.length, 2)
      assert.deepEqual(Object.keys(middleware), ['stats', 'snapshot', 'close'])
      middleware.close()
    })

    it('answers before anything behind it runs, and lets earlier middleware finish', async () => {
      const seen = []
      const { client } = await start(
        async (ctx, next) => { await next(); seen.push(ctx.status) },
        spillway({ maxDelay }),
        (ctx) => { seen.push(ctx.path); ctx.body = 'ok' })
      assert.equal((await late(() => client.send('GET /late'))).status, 503)
      assert.equal((await client.send('GET /in-time')).status, 200)
      assert.deepEqual(seen, [503, '/in-time', 200])
    })

    it('answers with plain text, whatever the message contains', async () => {
      const { client } = await start(spillway({ maxDelay, message: '<b>later</b>' }))
      const { headers, body } = await late(() => client.send('GET /'))
      assert.equal(headers['content-type'], 'text/plain; charset=utf-8')
      assert.equal(body, '<b>later</b>')
    })

    describe('with the option errorMode', () => {
      it('throws an error with status and statusCode, and keeps Retry-After', async () => {
        let error
        const { client } = await start(
          async (ctx, next) => {
            try {
              await next()
            } catch (err) {
              error = err
              ctx.status = err.status
              ctx.body = { sorry: err.message }
            }
          },
          spillway({ maxDelay, errorMode: true, retryAfter: 9, message: 'full' }), ok)
        const refused = await late(() => client.send('GET /'))
        assert.equal(refused.status, 503)
        assert.equal(refused.headers['retry-after'], '9')
        assert.equal(refused.body, '{"sorry":"full"}')
        assert.ok(error instanceof Error)
        assert.equal(error.code, 'SPILLWAY_SHED')
        assert.equal(error.status, 503)
        assert.equal(error.statusCode, 503)
      })

      it("reaches Koa's own error handling and the application's error event, with Retry-After and message", async () => {
        const { client, errors } = await start(spillway({ maxDelay, errorMode: true, retryAfter: 9, message: 'full' }), ok)
        const refused = await late(() => client.send('GET /'))
        assert.equal(refused.status, 503)
        assert.equal(refused.headers['retry-after'], '9')
        assert.equal(refused.body, 'full')
        assert.deepEqual(errors.map(({ code }) => code), ['SPILLWAY_SHED'])
        assert.equal((await client.send('GET /')).status, 200)
      })
    })

    describe('with the option respond', () => {
      it('passes on an error that respond throws or rejects with', async () => {
        for (const respond of [() => { throw new Error('broken') }, async () => { throw new Error('broken') }]) {
          const { client, errors } = await start(spillway({ maxDelay, respond }), ok)
          assert.equal((await late(() => client.send('GET /'))).status, 500)
          assert.deepEqual(errors.map(({ message }) => message), ['broken'])
        }
      })
    })

    it('judges whole paths behind a mount that strips a prefix', async () => {
      const gate = spillway({ maxDelay, exempt: ['/api/health', '/private*'] })
      const mount = async (ctx, next) => {
        ctx.path = ctx.path.slice('/api'.length)
        await next()
      }
      const { client } = await start(mount, gate, ok)
      const answers = await late(() => ['/api/health', '/api/private'].map((path) => client.send(`GET ${path}`)))
      assert.deepEqual(answers.map(({ status }) => status), [200, 503])
    })

    it('counts a request once if it is in the chain twice', async () => {
      const gates = [spillway({ maxDelay }), spillway({ maxDelay })]
      const { client } = await start(...gates, ok)
      assert.equal((await late(() => client.send('GET /'))).status, 503)
      assert.equal((await client.send('GET /')).status, 200)
      assert.deepEqual(gates.map((gate) => gate.stats().admitted), [1, 0])
    })
  })
}
