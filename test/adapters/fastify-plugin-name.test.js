'use strict'

const assert = require('node:assert/strict')
const fastify = require('fastify')
const fp = require('fastify-plugin')
const spillway = require('../../lib/adapters/fastify/index.js')
const { closeOpened, opened } = require('../support/opened.js')

const THEIR_NAME = '@fastify/under-pressure'

afterEach(closeOpened)

describe('the name of the Fastify plugin', () => {
  function make () {
    const app = fastify()
    opened(() => app.close())
    return app
  }

  it('is spillway', async () => {
    const app = make()
    await app.register(spillway)
    await app.ready()
    assert.equal(app.hasPlugin('spillway'), true)
    assert.equal(app.hasPlugin(THEIR_NAME), false)
  })

  it('is @fastify/under-pressure for the named export underPressure, so that dependencies on that name are met', async () => {
    const app = make()
    app.register(spillway.underPressure, { maxHeapUsedBytes: 1 })
    app.register(fp(async () => {}, { name: 'dependent', dependencies: [THEIR_NAME] }))
    app.get('/', async () => 'ok')
    await app.ready()
    assert.equal(app.hasPlugin(THEIR_NAME), true)
    const { statusCode, body } = await app.inject('/')
    assert.equal(statusCode, 503)
    assert.equal(JSON.parse(body).code, 'FST_UNDER_PRESSURE')
  })

  it('fails a dependency on @fastify/under-pressure where the plugin has its own name', async () => {
    const app = make()
    app.register(spillway)
    app.register(fp(async () => {}, { name: 'dependent', dependencies: [THEIR_NAME] }))
    await assert.rejects(async () => app.ready(), /dependency '@fastify\/under-pressure'/)
  })
})
