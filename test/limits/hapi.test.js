'use strict'

const assert = require('node:assert/strict')
const { EventEmitter, once } = require('node:events')
const { setTimeout } = require('node:timers/promises')
const hapi = require('@hapi/hapi')
const spillway = require('../../lib/adapters/hapi/index.js')
const { run } = require('../support/child.js')
const { needs } = require('../support/needs.js')

const OVER = { maxHeapUsedBytes: 1 }
const FAR = 2 ** 50

describe('a limit of spillway/hapi', () => {
  const handler = () => 'ok'
  let server

  afterEach(() => {
    server.plugins.spillway?.close()
  })

  async function start (options, routes = [], settings = {}) {
    server = hapi.server({ debug: false, ...settings })
    server.route({ method: 'GET', path: '/', handler })
    server.route(routes.slice(0, 1))
    await server.register({ plugin: spillway, options })
    server.route(routes.slice(1))
    return server
  }

  const statusOf = async (url, headers = {}) => (await server.inject({ url, headers })).statusCode

  it('refuses before routing and authentication', async () => {
    await start(OVER)
    const { statusCode, headers, result } = await server.inject('/')
    assert.equal(statusCode, 503)
    assert.ok(headers['retry-after'] >= 5)
    assert.equal(result.message, 'Service Unavailable')
    assert.equal(await statusOf('/none'), 503)
  })

  it("logs each refusal with the figures, under Hapi's own tag load", async () => {
    await start({ ...OVER, healthCheck: () => true })
    const logged = []
    server.events.on('log', ({ tags, data }) => logged.push({ tags, data }))
    await server.inject('/')
    assert.equal(logged.length, 1)
    assert.deepEqual(logged[0].tags, ['load'])
    assert.ok(logged[0].data.heapUsed > OVER.maxHeapUsedBytes)
    for (const name of ['eventLoopDelay', 'eventLoopUtilization', 'rss']) assert.ok(name in logged[0].data, name)
  })

  it('logs nothing under the tag load if the health check refuses', async () => {
    await start({ healthCheck: () => false })
    const logged = []
    server.events.on('log', ({ tags }) => logged.push(tags))
    assert.equal(await statusOf('/'), 503)
    assert.deepEqual(logged, [])
  })

  it('calls the exempt function once per request, and not for a route that is exempt by its own options', async () => {
    const asked = []
    const exempt = ({ path }) => {
      asked.push(path)
      return false
    }
    const routes = ['/limited', '/free'].map((path) =>
      ({ method: 'GET', path, handler, options: { plugins: { spillway: path === '/free' ? false : { maxHeapUsedBytes: FAR } } } }))
    await start({ ...OVER, exempt }, routes)
    assert.deepEqual([await statusOf('/'), await statusOf('/limited'), await statusOf('/free')], [503, 200, 200])
    assert.deepEqual(asked, ['/', '/limited'])
  })

  it('refuses until the first result of the health check', async () => {
    await start({ healthCheck: async () => { await setTimeout(20) } })
    assert.equal(server.plugins.spillway.snapshot().limits.find(({ reason }) => reason === 'healthCheck').exceeded, true)
  })

  it('does not run the health check while the server is stopped', async () => {
    const asked = new EventEmitter()
    await start({ healthCheck: () => asked.emit('now'), healthCheckInterval: 1 }, [], { port: 0, host: '127.0.0.1' })
    await server.start()
    await server.stop()
    let whileStopped = 0
    asked.on('now', () => whileStopped++)
    await setTimeout(20)
    assert.equal(whileStopped, 0)
    const again = once(asked, 'now')
    await server.start()
    await again
    await server.stop()
  })

  it("stops its measurements with the gate, even if it is a route's own limit", async function () {
    needs(this, 'a count of open descriptors', process.platform === 'linux')
    const { stdout, stderr } = await run(`
      const fdWatch = require('./lib/limits/fd-watch.js')
      const server = require('@hapi/hapi').server()
      const options = { plugins: { spillway: { maxEventLoopDelay: 1000 } } }
      server.route({ method: 'GET', path: '/', handler: () => 'ok', options })
      server.register(require('./lib/adapters/hapi/index.js')).then(() => {
        console.log(fdWatch.from < Infinity)
        server.plugins.spillway.close()
        console.log(fdWatch.from)
      })
    `)
    assert.deepEqual({ stdout, stderr }, { stdout: 'true\nInfinity\n', stderr: '' })
  })

  it('shows its figures, also under the names of server.load', async () => {
    await start()
    const { load } = server.plugins.spillway
    assert.ok(load.heapUsed > 0 && load.heapUsed === load.heapUsedBytes)
    assert.ok(load.rss > load.heapUsed)
    assert.ok(load.eventLoopDelay >= 0 && load.eventLoopUtilization >= 0)
    for (const name of Object.keys(server.load)) assert.ok(name in load, name)
  })

  it('does not apply to a route that opts out, whether declared earlier or later', async () => {
    const free = (path) => ({ method: 'GET', path, handler, options: { plugins: { spillway: false } } })
    await start(OVER, [free('/docs'), free('/ready/{part}')])
    assert.deepEqual([await statusOf('/docs'), await statusOf('/ready/now?a=1'), await statusOf('/')], [200, 200, 503])
    const { exempt, shed } = server.plugins.spillway.stats()
    assert.deepEqual({ exempt, shed }, { exempt: 2, shed: 1 })
  })

  it('does not apply to the CORS preflight of a route that opts out', async () => {
    const cors = { origin: ['https://a.example'] }
    const route = (path, plugins) => ({ method: 'GET', path, handler, options: { cors, plugins } })
    await start(OVER, [route('/free', { spillway: false }), route('/paid')])
    const headers = { origin: 'https://a.example', 'access-control-request-method': 'GET' }
    const answers = await Promise.all(['/free', '/paid'].map((url) => server.inject({ method: 'OPTIONS', url, headers })))
    assert.deepEqual(answers.map(({ statusCode }) => statusCode), [200, 503])
    assert.equal(answers[0].headers['access-control-allow-origin'], 'https://a.example')
  })

  it("set by a route replaces the plugin's, and the plugin's other limits stay", async () => {
    const route = (path, own) => ({ method: 'GET', path, handler, options: { plugins: { spillway: own } } })
    await start({ maxHeapUsedBytes: FAR, maxRssBytes: FAR }, [
      route('/tight', { maxHeapUsedBytes: 1 }), route('/none', { maxHeapUsedBytes: 0 }), route('/rss', { maxRssBytes: 1 })
    ])
    const codes = [await statusOf('/'), await statusOf('/tight'), await statusOf('/none'), await statusOf('/rss')]
    assert.deepEqual(codes, [200, 503, 200, 503])
    const { heapUsedBytes, rssBytes } = server.plugins.spillway.stats().shedBy
    assert.deepEqual({ heapUsedBytes, rssBytes }, { heapUsedBytes: 1, rssBytes: 1 })
  })

  it('set by a route does not replace a failing health check', async () => {
    const tight = { method: 'GET', path: '/own', handler, options: { plugins: { spillway: { maxRssBytes: FAR } } } }
    await start({ healthCheck: ({ info }) => info.id !== server.info.id }, [tight])
    assert.equal(await statusOf('/own'), 503)
  })

  it('set by a route is checked when the route is declared', async () => {
    await start()
    const declare = (own) => server.route({ method: 'GET', path: '/x', handler, options: { plugins: { spillway: own } } })
    assert.throws(() => declare({ maxRssBytes: '1' }), /spillway\/hapi: options\.plugins\.spillway of get \/x: option "maxRssBytes" takes a number/)
  })

  it('refuses with the CORS headers of the server and of the route', async () => {
    const cors = { origin: ['https://a.example'], credentials: true }
    const own = { method: 'GET', path: '/own', handler, options: { cors } }
    await start(OVER, [own])
    const headers = { origin: 'https://a.example' }
    const refused = await server.inject({ url: '/own', headers })
    assert.equal(refused.statusCode, 503)
    assert.equal(refused.headers['access-control-allow-origin'], 'https://a.example')
    assert.equal(refused.headers['access-control-allow-credentials'], 'true')
    assert.equal((await server.inject({ url: '/own', headers: { origin: 'https://b.example' } })).headers['access-control-allow-origin'], undefined)
    assert.equal((await server.inject({ url: '/', headers })).headers['access-control-allow-origin'], undefined)
    server.plugins.spillway.close()

    const closed = { method: 'GET', path: '/closed', handler, options: { cors: false } }
    await start(OVER, [closed], { routes: { cors: true } })
    assert.equal((await server.inject({ url: '/closed', headers })).headers['access-control-allow-origin'], undefined)
    for (const url of ['/', '/nowhere']) {
      assert.equal((await server.inject({ url, headers })).headers['access-control-allow-origin'], 'https://a.example', url)
    }
  })
})
