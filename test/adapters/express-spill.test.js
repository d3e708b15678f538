'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const express4 = require('express4')
const express = require('express')
const { binding } = require('../../lib/native/binding.js')
const spillway = require('../../lib/adapters/express.js')
const { connect } = require('../support/client.js')
const { listen } = require('../support/listen.js')
const { needs } = require('../support/needs.js')
const { closeOpened, opened } = require('../support/opened.js')

const ok = (req, res) => res.send('ok')

for (const [name, framework] of [['express 5', express], ['express 4', express4]]) {
  describe(`the spill in ${name}, by default`, function () {
    before(function () {
      needs(this, 'waits from the kernel', binding.canSpill)
    })
    afterEach(closeOpened)

    const gateOf = (options) => {
      const gate = spillway(options)
      opened(() => gate.close())
      return gate
    }

    /** Asks once, and returns the state of the spill. */
    async function askAndLook (gate, server, path = '/') {
      if (!server.listening) await listen(server)
      await (await connect(server.address().port)).send(`GET ${path}`)
      const { active, why } = gate.snapshot().spill
      return active ? 'active' : why
    }

    const appOf = (...layers) => {
      const app = framework()
      app.set('env', 'test')
      for (const layer of layers) app.use(layer)
      return app
    }

    it('is active if the middleware judges every request of the server', async () => {
      const gate = gateOf()
      assert.equal(await askAndLook(gate, http.createServer(appOf(gate, ok))), 'active')
    })

    it('is active on several servers of one app', async () => {
      const gate = gateOf()
      const app = appOf(gate, ok)
      for (const sockets of [1, 2]) {
        assert.equal(await askAndLook(gate, http.createServer(app)), 'active')
        assert.equal(gate.snapshot().spill.sockets, sockets)
      }
    })

    it('is inactive behind other middleware', async () => {
      const gate = gateOf()
      const app = appOf((req, res, next) => next(), gate, ok)
      assert.equal(await askAndLook(gate, http.createServer(app)), 'other middleware comes before')
    })

    it('is inactive if the middleware is for some paths', async () => {
      const gate = gateOf()
      const app = framework()
      app.use('/api', gate)
      app.use(ok)
      assert.equal(await askAndLook(gate, http.createServer(app), '/api/x'), 'the middleware judges only some paths')
    })

    it('is inactive if the middleware belongs to one route', async () => {
      const gate = gateOf()
      const app = framework()
      app.get('/', gate, ok)
      assert.equal(await askAndLook(gate, http.createServer(app)), 'other middleware comes before')
    })

    it('is inactive if the app is mounted on another', async () => {
      const gate = gateOf()
      const outer = appOf(appOf(gate, ok))
      assert.equal(await askAndLook(gate, http.createServer(outer)), 'the app is mounted on another app')
    })

    it('is inactive if something else may answer before the app', async () => {
      const gate = gateOf()
      const app = appOf(gate, ok)
      const server = http.createServer((req, res) => app(req, res))
      assert.equal(await askAndLook(gate, server), 'the server has a request listener other than the app')
    })

    it('becomes inactive when a listener is added', async () => {
      const gate = gateOf()
      const server = http.createServer(appOf(gate, ok))
      assert.equal(await askAndLook(gate, server), 'active')
      server.on('request', () => {})
      assert.equal(await askAndLook(gate, server), 'the server has a request listener other than the app')
      server.removeAllListeners('request')
      server.on('request', appOf(ok))
      assert.equal(await askAndLook(gate, server), 'the server has a request listener other than the app')
    })

    it('becomes inactive when a layer is put in front', async () => {
      const gate = gateOf()
      const app = appOf(gate, ok)
      const server = http.createServer(app)
      assert.equal(await askAndLook(gate, server), 'active')
      app.use((req, res, next) => next())
      const { stack } = app._router ?? app.router
      stack.splice(stack.findIndex(({ handle }) => handle === gate), 0, stack.pop())
      assert.equal(await askAndLook(gate, server), 'other middleware comes before')
    })

    it('is inactive with options that need JavaScript for each refusal', async () => {
      const gate = gateOf({ errorMode: true })
      assert.match(await askAndLook(gate, http.createServer(appOf(gate, ok))), /^the spill answers without the framework/)
    })

    it('needs no proof with spill: true', async () => {
      const gate = gateOf({ spill: true })
      const app = appOf((req, res, next) => next(), gate, ok)
      assert.equal(await askAndLook(gate, http.createServer(app)), 'active')
    })
  })
}
