'use strict'

/**
 * Starts the same small site on every kind of server, behind the adapter under test, so that a test of behaviour that all
 * adapters share is written once:
 *
 * - GET, HEAD and POST `/` answer 200 `ok`, a POST after its body has arrived; so do `/health` and `/health/deep`.
 * - GET below `/pages/` answers 200 in Express, Koa and `http`, where the gate does not know the route.
 * - `/hold` emits `hold` with a function that sends the answer.
 * - `/nowhere` does not exist.
 * - `/throw` fails at once, and `/reject` fails later.
 * - `/events` begins a stream of server-sent events and never ends it.
 */

const http = require('node:http')
const { EventEmitter, once } = require('node:events')
const { PassThrough } = require('node:stream')
const express4 = require('express4')
const express = require('express')
const fastify = require('fastify')
const hapi = require('@hapi/hapi')
const koa2 = require('koa2')
const koa = require('koa')
const spillwayExpress = require('../../lib/adapters/express.js')
const spillwayFastify = require('../../lib/adapters/fastify/index.js')
const spillwayHapi = require('../../lib/adapters/hapi/index.js')
const spillwayKoa = require('../../lib/adapters/koa.js')
const { guard } = require('../../lib/adapters/http.js')
const { listen } = require('./listen.js')
const { opened } = require('./opened.js')

const PLAIN_PATHS = ['/', '/health', '/health/deep']
/** The default for tests that are not about waiting: a request does not wait this long on any machine. */
const maxDelay = 60_000
const FIRST_EVENT = 'data: first\n\n'

/**
 * @typedef {object} Site a running server
 * @property {number} port of 127.0.0.1; undefined on a Unix socket
 * @property {any} server Node's
 * @property {any} app the framework's
 * @property {import('../../lib/gate/gate.js').GateHandle} gate
 * @property {EventEmitter} events
 *
 * @typedef {object} SiteSettings
 * @property {(listener?: any) => any} [createServer] default: http.createServer
 * @property {any} [listen] the argument of server.listen(); default: a free port of 127.0.0.1
 *
 * @typedef {object} Kind
 * @property {string} name
 * @property {string} entry the name of its entry in error messages
 * @property {(options?: any, settings?: SiteSettings) => Promise<Site>} start
 * @property {(options?: any) => Promise<unknown>} install only installs the adapter, for tests of the errors that this throws
 * @property {(request: any, site: Site) => boolean} isRequest whether it is this framework's own request object
 */

/** @type {Kind[]} */
const kinds = [
  expressKind('express 5', express),
  expressKind('express 4', express4),
  {
    name: 'fastify',
    entry: 'spillway/fastify',
    start: (options, settings) => startFastify({ maxDelay, ...options }, settings),
    install: async (options) => fastify().register(spillwayFastify, options).ready(),
    isRequest: (request, site) => request.server === site.app && request.raw instanceof http.IncomingMessage
  },
  {
    name: 'hapi',
    entry: 'spillway/hapi',
    start: (options, settings) => startHapi({ maxDelay, ...options }, settings),
    install: (options) => hapi.server().register({ plugin: spillwayHapi, options }),
    isRequest: (request, site) => request.server.listener === site.server && typeof request.setUrl === 'function'
  },
  koaKind('koa 3', koa),
  koaKind('koa 2', koa2),
  {
    name: 'http',
    entry: 'spillway/http',
    start: (options, settings) => startHttp({ maxDelay, ...options }, settings),
    install: async (options) => guard(http.createServer(), options),
    isRequest: (request) => request instanceof http.IncomingMessage
  }
]

function expressKind (name, framework) {
  return {
    name,
    entry: 'spillway/express',
    start: (options, settings) => startExpress(framework, { maxDelay, ...options }, settings),
    install: async (options) => spillwayExpress(options),
    isRequest: (request, site) => request.app === site.app
  }
}

function koaKind (name, Framework) {
  return {
    name,
    entry: 'spillway/koa',
    start: (options, settings) => startKoa(Framework, { maxDelay, ...options }, settings),
    install: async (options) => spillwayKoa(options),
    isRequest: (request, site) => request.app === site.app && request.req instanceof http.IncomingMessage
  }
}

async function startExpress (framework, options, settings) {
  const events = new EventEmitter()
  const app = framework()
  const gate = spillwayExpress(options)
  // Outside of tests, Express 4's error handler prints.
  app.set('env', 'test')
  app.use(gate)
  app.get(PLAIN_PATHS, (req, res) => res.send('ok'))
  app.get(/^\/pages\//, (req, res) => res.send('ok'))
  app.post('/', (req, res) => req.resume().once('end', () => res.send('ok')))
  app.all('/hold', (req, res) => events.emit('hold', () => res.send('ok')))
  app.get('/throw', () => { throw new Error('broken') })
  app.get('/reject', (req, res, next) => setImmediate(next, new Error('broken')))
  app.get('/events', (req, res) => res.type('text/event-stream').write(FIRST_EVENT))
  return siteOf({ app, gate, events, ...settings, handler: app })
}

async function startFastify (options, { createServer = http.createServer, listen: to = freePort() } = {}) {
  const events = new EventEmitter()
  const app = fastify({ serverFactory: (handler) => createServer(handler), forceCloseConnections: true })
  await app.register(spillwayFastify, options)
  for (const path of PLAIN_PATHS) app.get(path, async () => 'ok')
  app.post('/', async () => 'ok')
  app.all('/hold', (request, reply) => { events.emit('hold', () => reply.send('ok')) })
  app.get('/throw', () => { throw new Error('broken') })
  app.get('/reject', async () => { throw new Error('broken') })
  app.get('/events', (request, reply) => reply.type('text/event-stream').send(eventStream()))
  await app.listen(to)
  opened(() => app.close())
  return { app, server: app.server, port: app.server.address().port, gate: app.spillway, events }
}

async function startHapi (options, { createServer = http.createServer, listen: to = freePort() } = {}) {
  const events = new EventEmitter()
  const listener = createServer()
  const app = hapi.server({ listener, autoListen: false, tls: listener.addContext !== undefined, debug: false })
  await app.register({ plugin: spillwayHapi, options })
  for (const path of PLAIN_PATHS) app.route({ method: 'GET', path, handler: () => 'ok' })
  app.route({ method: 'POST', path: '/', handler: () => 'ok' })
  const hold = () => new Promise((resolve) => events.emit('hold', () => resolve('ok')))
  app.route({ method: 'GET', path: '/hold', handler: hold })
  app.route({ method: 'POST', path: '/hold', handler: hold })
  app.route({ method: 'GET', path: '/throw', handler: () => { throw new Error('broken') } })
  app.route({ method: 'GET', path: '/reject', handler: async () => { throw new Error('broken') } })
  app.route({ method: 'GET', path: '/events', handler: (request, h) => h.response(eventStream()).type('text/event-stream') })
  await app.start()
  opened(() => app.stop({ timeout: 0 }))
  return { app, server: listener, port: await listen(listener, to), gate: app.plugins.spillway, events }
}

async function startKoa (Framework, options, settings) {
  const events = new EventEmitter()
  const app = new Framework()
  const gate = spillwayKoa(options)
  app.silent = true
  app.use(gate)
  app.use(async (ctx) => {
    if (PLAIN_PATHS.includes(ctx.path) || ctx.path.startsWith('/pages/')) {
      if (ctx.method === 'POST') await once(ctx.req.resume(), 'end')
      ctx.body = 'ok'
    } else if (ctx.path === '/hold') {
      await new Promise((resolve) => events.emit('hold', resolve))
      ctx.body = 'ok'
    } else if (ctx.path === '/throw') {
      throw new Error('broken')
    } else if (ctx.path === '/reject') {
      await new Promise((resolve, reject) => setImmediate(reject, new Error('broken')))
    } else if (ctx.path === '/events') {
      ctx.type = 'text/event-stream'
      ctx.body = eventStream()
    }
  })
  return siteOf({ app, gate, events, ...settings, handler: app.callback() })
}

async function startHttp (options, { createServer = http.createServer, listen: to = freePort() } = {}) {
  const events = new EventEmitter()
  const server = createServer((req, res) => {
    if (req.url === '/hold') events.emit('hold', () => res.end('ok'))
    else if (req.url === '/nowhere') res.writeHead(404).end()
    else if (req.url === '/throw') res.destroy(new Error('broken'))
    else if (req.url === '/reject') setImmediate(() => res.destroy(new Error('broken')))
    else if (req.url === '/events') res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(FIRST_EVENT)
    else req.resume().once('end', () => res.end('ok'))
  })
  return siteOf({ app: server, gate: guard(server, options), events, listen: to, createServer: () => server })
}

async function siteOf ({ app, gate, events, handler, createServer = http.createServer, listen: to = freePort() }) {
  const server = createServer(handler)
  opened(() => gate.close())
  return { app, server, port: await listen(server, to), gate, events }
}

// A new object for each server: Fastify writes to it.
function freePort () {
  return { port: 0, host: '127.0.0.1' }
}

function eventStream () {
  const stream = new PassThrough()
  stream.write(FIRST_EVENT)
  return stream
}

/** Finds a kind of server by its name. @returns {Kind} */
function kindNamed (name) {
  return /** @type {Kind} */ (kinds.find((kind) => kind.name === name))
}

module.exports = { kinds, kindNamed, FIRST_EVENT }
