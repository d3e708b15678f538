'use strict'

const assert = require('node:assert/strict')
const express = require('express')
const fastify = require('fastify')
const hapi = require('@hapi/hapi')
const { Priorities } = require('../../lib/admission/priorities.js')
const spillwayExpress = require('../../lib/adapters/express.js')
const spillwayFastify = require('../../lib/adapters/fastify/index.js')
const spillwayHapi = require('../../lib/adapters/hapi/index.js')
const { AdmissionController } = require('../../lib/admission/controller.js')
const { gateOptions } = require('../../lib/gate/options.js')
const { backend, binding } = require('../../lib/native/binding.js')
const { readOptions } = require('../../lib/options/read.js')
const { connect } = require('../support/client.js')
const { LIMIT_MS, late } = require('../support/late.js')
const { listen } = require('../support/listen.js')
const { needs } = require('../support/needs.js')
const { closeOpened, opened } = require('../support/opened.js')
const { kinds } = require('../support/servers.js')
const { keepWarnings } = require('../support/warnings.js')

const NAMES = ['critical', 'important', 'normal', 'background']
const request = (more) => ({ url: '/', priority: null, raw: { headers: {}, socket: {} }, ...more })
const nameOf = (option, trackedRequest, framework = {}) => NAMES[new Priorities(option).of(trackedRequest, framework)]

describe('the priority of a request', () => {
  it('by a function is what it returns, for the request of the framework; undefined stands for normal', () => {
    assert.equal(nameOf(({ level }) => level, request(), { level: 'important' }), 'important')
    assert.equal(nameOf(() => undefined, request()), 'normal')
  })

  it('of a route comes before that of its path, and after that of a function', () => {
    assert.equal(nameOf({ background: '/' }, request({ routePriority: 0 })), 'critical')
    assert.equal(nameOf(undefined, request({ routePriority: 3 })), 'background')
    assert.equal(nameOf(() => 'important', request({ routePriority: 3 })), 'important')
    assert.equal(nameOf(() => undefined, request({ routePriority: 3 })), 'background')
  })

  it('may be lowered by a header also if its route has one', () => {
    const raw = { headers: { 'x-priority': 'background' }, socket: {} }
    assert.equal(nameOf({ header: 'x-priority' }, request({ routePriority: 0, raw })), 'background')
  })

  it('may be raised by a header if the function trust says so', () => {
    const raw = { headers: { 'x-priority': 'critical' }, socket: {} }
    for (const trusted of [true, false]) {
      const trust = (framework) => framework.trusted
      assert.equal(nameOf({ header: 'x-priority', trust }, request({ raw }), { trusted }), trusted ? 'critical' : 'normal')
    }
  })

  it('over HTTP/2, depends on the address of the session', () => {
    const raw = { headers: { 'x-priority': 'critical' }, stream: { session: { socket: { remoteAddress: '192.0.2.7' } } } }
    assert.equal(nameOf({ header: 'x-priority', trust: '192.0.2.7' }, request({ raw })), 'critical')
  })

  it('is found once for each gate', () => {
    const trackedRequest = request()
    const [first, second] = [new Priorities({ background: '/' }), new Priorities({ critical: '/' })]
    assert.equal(first.of(trackedRequest, {}), 3)
    assert.equal(second.nameOf(trackedRequest), undefined)
    assert.equal(second.of(trackedRequest, {}), 0)
    assert.equal(second.nameOf(trackedRequest), 'critical')
  })

  it('is normal if a function throws, or returns a promise or no priority; that warns once', async () => {
    for (const priority of [() => { throw new Error('on purpose') }, async () => 'critical', () => 'urgent', () => null, () => 0]) {
      const priorities = new Priorities(priority)
      const warnings = keepWarnings()
      for (let i = 0; i < 2; i++) assert.equal(priorities.of(request(), {}), 2)
      assert.deepEqual(await warnings(), ['SPILLWAY_PRIORITY'])
    }
    const raw = { headers: { 'x-priority': 'critical' }, socket: {} }
    const priorities = new Priorities({ header: 'x-priority', trust: async () => true })
    const warnings = keepWarnings()
    assert.equal(priorities.of(request({ raw }), {}), 2)
    assert.deepEqual(await warnings(), ['SPILLWAY_PRIORITY'])
  })
})

describe('the option priority', () => {
  for (const [priority, ErrorClass, why] of [
    [{ urgent: '/a' }, RangeError, '"urgent" is not a priority'],
    [{}, RangeError, 'it has no rule'],
    [{ critical: '/a', background: ['/b', '/a'] }, RangeError, '/a is listed twice, as critical and as background'],
    [{ critical: ['/a', '/a'] }, RangeError, '/a is listed twice, as critical and as critical'],
    [{ critical: 'a' }, RangeError, 'critical must be a path or an array of paths'],
    [{ critical: '/a*/b' }, RangeError, 'critical must be a path or an array of paths'],
    [{ critical: [1] }, RangeError, 'critical must be a path or an array of paths'],
    [{ critical: null }, RangeError, 'critical must be a path or an array of paths'],
    [{ header: 'x priority' }, RangeError, 'header must be the name of a request header'],
    [{ header: 1 }, RangeError, 'header must be the name of a request header'],
    [{ critical: '/a', trust: '::1' }, RangeError, 'trust requires header'],
    [{ header: 'x', trust: 'localhost' }, RangeError, 'trust contains "localhost", which is neither an address nor a CIDR range'],
    [{ header: 'x', trust: ['::1', '10.0.0.0/33'] }, RangeError, 'trust contains "10.0.0.0/33"'],
    [{ header: 'x', trust: '::1/129' }, RangeError, 'trust contains "::1/129"'],
    [{ header: 'x', trust: '10.0.0.0/' }, RangeError, 'trust contains "10.0.0.0/"'],
    [{ header: 'x', trust: '10.0.0.0/8/8' }, RangeError, 'trust contains "10.0.0.0/8/8"'],
    [{ header: 'x', trust: 1 }, RangeError, 'trust contains number'],
    ['critical', TypeError], [1, TypeError], [null, TypeError], [['/a'], TypeError], [true, TypeError]
  ]) {
    it(`does not take ${JSON.stringify(priority)}`, () => {
      assert.throws(() => readOptions('test', gateOptions, { priority }), (error) => {
        assert.ok(error instanceof ErrorClass)
        assert.match(error.message, /^test: option "priority" takes an object of paths for .*, got /)
        if (why !== undefined) assert.ok(error.message.includes(`: ${why}`), error.message)
        return error.code === 'SPILLWAY_INVALID_OPTION'
      })
    })
  }

  for (const priority of [
    { critical: '/a', background: ['/b', '/c/*'] }, { header: 'x-priority' }, { header: 'x', trust: ['::1', '10.0.0.0/8', '::/0'] },
    { header: 'x', trust: () => true }, () => 'normal', { important: undefined, critical: '/' }
  ]) {
    it(`takes ${typeof priority === 'function' ? 'a function' : JSON.stringify(priority)}`, () => {
      assert.equal(readOptions('test', gateOptions, { priority }).priority, priority)
    })
  }
})

for (const kind of kinds) {
  describe(`with priorities, the gate in ${kind.name}`, () => {
    before(function () {
      needs(this, 'the native addon', backend === 'native')
    })
    afterEach(closeOpened)

    it('tells onShed the priority, and gives a function the request of the framework', async () => {
      let site
      const byFunction = (given) => kind.isRequest(given, site) ? 'important' : 'background'
      for (const [priority, name] of [[{ critical: '/' }, 'critical'], [byFunction, 'important']]) {
        const told = []
        site = await kind.start({ maxDelay: LIMIT_MS, priority, onShed: (info) => told.push(info) })
        const client = await connect(site.port)
        await late(() => client.send('GET /'))
        assert.equal(told.length, 1)
        assert.equal(told[0].priority, name)
      }
    })

    it('shows what each priority asks for in snapshot()', async () => {
      const site = await kind.start({ maxDelay: LIMIT_MS, priority: { critical: '/' } })
      const { priorities } = site.gate.snapshot()
      assert.deepEqual(priorities, { cutoff: 'normal', demand: { critical: 0, important: 0, normal: 0, background: 0 } })
      const without = await kind.start({ maxDelay: LIMIT_MS })
      assert.equal('priorities' in without.gate.snapshot(), false)
    })
  })
}

describe('the priority of a route', function () {
  before(function () {
    needs(this, 'the native addon', backend === 'native')
  })
  afterEach(closeOpened)

  const WHY = 'routes have priorities by their own options, and the spill does not know routes'

  /** Starts a server of each framework whose route `/own` is of background; its other route is `/`. */
  const frameworks = {
    async fastify (options) {
      const app = fastify()
      await app.register(spillwayFastify, options)
      app.get('/own', { config: { spillway: { priority: 'background' } } }, () => 'ok')
      app.get('/', () => 'ok')
      await app.listen({ port: 0, host: '127.0.0.1' })
      opened(() => app.close())
      return { port: app.server.address().port, gate: app.spillway }
    },
    async hapi (options) {
      const server = hapi.server({ port: 0, host: '127.0.0.1' })
      await server.register({ plugin: spillwayHapi, options })
      server.route({ method: 'GET', path: '/own', handler: () => 'ok', options: { plugins: { spillway: { priority: 'background' } } } })
      server.route({ method: 'GET', path: '/', handler: () => 'ok' })
      await server.start()
      opened(() => server.stop())
      return { port: server.info.port, gate: server.plugins.spillway }
    },
    async express (options) {
      const app = express()
      const middleware = spillwayExpress(options)
      app.use('/own', spillwayExpress.priority('background'))
      app.use(middleware)
      app.use((req, res) => res.send('ok'))
      return { port: await listen(require('node:http').createServer(app)), gate: middleware }
    }
  }

  for (const [name, start] of Object.entries(frameworks)) {
    it(`is in its own options in ${name}, and turns the spill off`, async () => {
      const told = []
      const { port, gate } = await start({ maxDelay: LIMIT_MS, onShed: (info) => told.push(info) })
      const client = await connect(port)
      assert.equal((await client.send('GET /own')).status, 200)
      if (binding.canSpill) assert.equal(gate.snapshot().spill.why, name === 'express' ? 'other middleware comes before' : WHY)
      for (const path of ['/own', '/']) await late(() => client.send(`GET ${path}`))
      assert.deepEqual(told.map(({ priority }) => priority), ['background', 'normal'])
    })
  }

  it('that Fastify does not announce is ignored if it does not exist', async () => {
    const told = []
    const app = fastify()
    app.register(spillwayFastify, { maxDelay: LIMIT_MS, onShed: (info) => told.push(info) })
    app.get('/early', { config: { spillway: { priority: 'urgent' } } }, () => 'ok')
    app.register(async (inner) => inner.get('/late', { config: { spillway: { priority: 'background' } } }, () => 'ok'))
    await app.listen({ port: 0, host: '127.0.0.1' })
    opened(() => app.close())
    const client = await connect(app.server.address().port)
    for (const path of ['/early', '/late']) {
      assert.equal((await client.send(`GET ${path}`)).status, 200)
      await late(() => client.send(`GET ${path}`))
    }
    assert.deepEqual(told.map(({ priority }) => priority), ['normal', 'background'])
  })

  it('that does not exist causes an error, when the route is added', async () => {
    const app = fastify()
    await app.register(spillwayFastify)
    assert.throws(() => app.get('/x', { config: { spillway: { priority: 'urgent' } } }, () => {}),
      { code: 'SPILLWAY_INVALID_OPTION', message: /^spillway\/fastify: config\.spillway of GET \/x: option "priority" takes 'critical' or .*, got "urgent"/ })
    assert.throws(() => app.get('/y', { config: { spillway: { prority: 'critical' } } }, () => {}), { code: 'SPILLWAY_UNKNOWN_OPTION' })
    const server = hapi.server()
    await server.register({ plugin: spillwayHapi })
    assert.throws(() => server.route({ method: 'GET', path: '/x', handler: () => 1, options: { plugins: { spillway: { priority: 1 } } } }), { code: 'SPILLWAY_INVALID_OPTION' })
    for (const wrong of ['urgent', undefined, 0]) {
      assert.throws(() => spillwayExpress.priority(wrong), { name: 'TypeError', code: 'SPILLWAY_INVALID_ARGUMENT', message: /^spillway\/express: priority\(\) takes one of critical, / })
    }
  })
})

describe('if critical requests ask for more than half of the capacity', function () {
  before(function () {
    needs(this, 'the native addon', backend === 'native')
  })

  /** Refuses requests with a delay limit of 20 ms, while those that are critical ask for `demand` of the capacity. */
  function refuseSome (demand) {
    const controller = new AdmissionController({ maxDelay: 20, dryRun: false, priority: { critical: '/' } })
    controller.native = { ...controller.native, enterFor: () => -1, priorities: () => [demand, 0, 1, 0, 2] }
    for (let i = 0; i < 1000; i++) controller.enter(0, 1e9, true, false, request(), {})
  }

  it('warns once', async () => {
    for (const [demand, expected] of [[0.6, ['SPILLWAY_CRITICAL']], [0.4, []]]) {
      const warnings = keepWarnings()
      refuseSome(demand)
      assert.deepEqual(await warnings(), expected)
    }
  })
})
