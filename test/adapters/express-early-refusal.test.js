'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const { EventEmitter } = require('node:events')
const express4 = require('express4')
const express = require('express')
const { binding } = require('../../lib/native/binding.js')
const spillway = require('../../lib/adapters/express.js')
const { guard } = require('../../lib/adapters/http.js')
const { connect } = require('../support/client.js')
const { hold } = require('../support/hold.js')
const { listen } = require('../support/listen.js')
const { needs } = require('../support/needs.js')
const { closeOpened, opened } = require('../support/opened.js')

/** Express adds this header to each response. */
const BY_EXPRESS = 'x-powered-by'

for (const [name, framework] of [['express 5', express], ['express 4', express4]]) {
  describe(`a refusal in ${name}`, function () {
    before(function () {
      needs(this, 'waits from the kernel', binding.canSpill)
    })
    afterEach(closeOpened)

    /** A server with one request in flight, which is as many as may be, and a client. */
    async function start (options, arrange = () => {}) {
      const app = framework()
      const gate = spillway({ maxInFlight: 1, retryAfter: 7, exempt: '/health', ...options })
      opened(() => gate.close())
      const events = new EventEmitter()
      app.use(gate)
      app.get('/hold', (req, res) => events.emit('hold', () => res.send('ok')))
      app.use((req, res) => res.send('ok'))
      const { handle } = app
      const server = http.createServer(app)
      const port = await listen(server)
      const client = await connect(port)
      assert.equal((await client.send('GET /')).status, 200)
      arrange(app, gate, server)
      const { release } = await hold({ events }, () => client.send('GET /hold'))
      return { app, server, gate, handle, release, client: await connect(port) }
    }

    it('is sent before Express sees the request, and counted once', async () => {
      const { gate, client } = await start()
      const { status, headers, body } = await client.send('GET /')
      assert.deepEqual({ status, body, retryAfter: headers['retry-after'] }, { status: 503, body: 'Service Unavailable', retryAfter: '7' })
      assert.equal(headers[BY_EXPRESS], undefined)
      assert.equal((await client.send('GET /health')).status, 200)
      const { admitted, exempt, shed, inFlight } = gate.stats()
      assert.deepEqual({ admitted, exempt, shed, inFlight }, { admitted: 2, exempt: 1, shed: 1, inFlight: 1 })
    })

    it('frees no place that it did not take: the next request is admitted when the first has ended', async () => {
      const { gate, client, release } = await start()
      assert.equal((await client.send('GET /')).status, 503)
      release()
      assert.equal((await client.send('GET /')).headers[BY_EXPRESS], 'Express')
      assert.deepEqual([gate.stats().admitted, gate.stats().inFlight], [3, 0])
    })

    for (const [what, options] of Object.entries({
      onShed: { onShed () {} },
      classify: { classify: () => 'a' },
      'a function as exempt': { exempt: () => false },
      'spill: true': { spill: true },
      'spill: false': { spill: false }
    })) {
      it(`is sent by Express with ${what}`, async () => {
        const { client } = await start(options)
        const { status, headers } = await client.send('GET /')
        assert.deepEqual([status, headers[BY_EXPRESS]], [503, 'Express'])
      })
    }

    it('is sent by Express once other middleware comes first', async () => {
      const { client } = await start({}, (app) => {
        app.use((req, res, next) => next())
        const { stack } = app._router ?? app.router
        stack.splice(stack.findIndex(({ name }) => name === 'middleware'), 0, stack.pop())
      })
      const { status, headers } = await client.send('GET /')
      assert.deepEqual([status, headers[BY_EXPRESS]], [503, 'Express'])
    })

    it('is not sent once another listener has replaced the app', async () => {
      const { app, server, client } = await start()
      server.removeListener('request', app)
      server.on('request', (req, res) => res.end('other'))
      assert.equal((await client.send('GET /')).body, 'other')
    })

    it('is not sent once the middleware was taken out', async () => {
      const { app, client } = await start()
      const router = app._router ?? app.router
      router.stack = router.stack.filter(({ name }) => name !== 'middleware')
      assert.equal((await client.send('GET /')).status, 200)
    })

    it('is sent by Express once the spill is off because of another server of the app', async () => {
      const { app, client } = await start()
      const other = http.createServer(app).on('request', () => {})
      await (await connect(await listen(other))).send('GET /')
      const { status, headers } = await client.send('GET /')
      assert.deepEqual([status, headers[BY_EXPRESS]], [503, 'Express'])
    })

    it('is seen by a gate in dry run in front of the app', async () => {
      let trial
      const { client } = await start({}, (app, gate, server) => { trial = guard(server, { dryRun: true, maxInFlight: 1 }) })
      opened(() => trial.close())
      assert.equal((await client.send('GET /')).status, 503)
      assert.equal(trial.stats().wouldShed, 1)
    })

    it('leaves the app as it was when the gate is closed', async () => {
      const { app, gate, client, handle } = await start()
      assert.equal((await client.send('GET /')).status, 503)
      assert.notEqual(app.handle, handle)
      gate.close()
      assert.equal(app.handle, handle)
      assert.equal((await client.send('GET /')).status, 200)
    })
  })
}
