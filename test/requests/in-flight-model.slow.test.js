'use strict'

const assert = require('node:assert/strict')
const http2 = require('node:http2')
const { once } = require('node:events')
const net = require('node:net')
const fc = require('fast-check')
const { nextTurn } = require('../support/block.js')
const { connectHttp2 } = require('../support/http2-client.js')
const { closeOpened, opened } = require('../support/opened.js')
const { kinds } = require('../support/servers.js')

/**
 * Model test: in whatever order clients and handlers act, the gate and the admission controller never count
 * fewer than zero requests in flight, no more handlers run than `maxInFlight` allows, and nothing is in flight at the end.
 * A failure prints the seed and the steps; set SEED to repeat it.
 */

const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const RUNS = 4
const STEPS = { minLength: 30, maxLength: 60 }
const MAX_IN_FLIGHT = 3
const CALM_TURNS = 20
const LONGEST_SETTLING_MS = 20_000
/** A handler that continues after its client has left keeps its place for at least this long. */
const LEAST_PATIENCE_MS = 1000

const head = (line, ...fields) => `${line}\r\nHost: a\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`
/** What a client may send. Its connection may have sent something before, so requests are pipelined too. */
const TEXTS = {
  'a request': head('GET / HTTP/1.1'),
  'a request that stays': head('GET /hold HTTP/1.1'),
  'two requests': head('GET / HTTP/1.1') + head('GET /hold HTTP/1.1'),
  'HTTP/1.0': head('GET / HTTP/1.0'),
  'HTTP/1.0 that stays': head('GET /hold HTTP/1.0'),
  'HEAD that stays': head('HEAD /hold HTTP/1.1'),
  'the last request of its connection': head('GET / HTTP/1.1', 'Connection: close'),
  'a body': head('POST / HTTP/1.1', 'Content-Type: text/plain', 'Content-Length: 5') + 'hello',
  'half a body': head('POST / HTTP/1.1', 'Content-Type: text/plain', 'Content-Length: 5') + 'he',
  'half a head': 'GET / HTTP/1.1\r\nHo',
  'an expectation': head('POST / HTTP/1.1', 'Content-Type: text/plain', 'Content-Length: 5', 'Expect: 100-continue'),
  'events with an Accept field': head('GET /events HTTP/1.1', 'Accept: text/event-stream'),
  'events without an Accept field': head('GET /events HTTP/1.1'),
  'an upgrade': head('GET / HTTP/1.1', 'Connection: Upgrade', 'Upgrade: websocket'),
  CONNECT: head('CONNECT a:1 HTTP/1.1'),
  'a request that fails': head('GET /throw HTTP/1.1'),
  'a request that fails later': head('GET /reject HTTP/1.1'),
  'a request for an unknown path': head('GET /nowhere HTTP/1.1'),
  nonsense: 'what?\r\n\r\n'
}
/** What a client may do to its connection. */
const DEEDS = {
  end: (socket) => socket.end(),
  reset: (socket) => socket.resetAndDestroy(),
  leave: (socket) => socket.destroy(),
  'read no more': (socket) => socket.pause()
}
const STREAMS = { '/': {}, '/hold': {}, '/events': {}, '/throw': {}, '/reject': {} }

/** One of a few clients acts, a held handler ends, or nothing happens for a turn. */
const step = (deeds) => fc.oneof(
  { weight: 6, arbitrary: fc.record({ client: fc.nat(5), deed: fc.constantFrom(...deeds) }) },
  { weight: 2, arbitrary: fc.record({ release: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.constant({ pass: true }) }
)

/** The handlers that run on a site, and the checks that must pass at any moment. */
class Watched {
  #site
  #begun = performance.now()
  /** The functions that end the handlers that are still running. */
  held = []

  constructor (site) {
    this.#site = site
    site.events.on('hold', (release) => {
      this.held.push(release)
      this.check()
    })
  }

  release (index) {
    const [release] = this.held.splice(index % this.held.length, 1)
    release?.()
  }

  get counts () {
    const { gate } = this.#site
    return { gate: gate.stats().inFlight, controller: gate.snapshot().classes.reduce((sum, { inFlight }) => sum + inFlight, 0) }
  }

  check () {
    const counts = this.counts
    assert.ok(counts.gate >= 0 && counts.controller >= 0 && counts.controller <= MAX_IN_FLIGHT, JSON.stringify(counts))
    if (performance.now() - this.#begun > LEAST_PATIENCE_MS) return
    assert.ok(this.held.length <= MAX_IN_FLIGHT, `${this.held.length} handlers ran at once`)
  }

  /** Waits until nothing has been in flight for a while: some requests may arrive late. */
  async end () {
    const begun = performance.now()
    for (let calm = 0; calm < CALM_TURNS;) {
      while (this.held.length > 0) this.release(0)
      this.check()
      const { gate, controller } = this.counts
      calm = gate === 0 && controller === 0 ? calm + 1 : 0
      assert.ok(performance.now() - begun < LONGEST_SETTLING_MS, `still in flight: ${gate}; places taken: ${controller}`)
      await nextTurn()
    }
  }
}

/** Runs steps against a new site. `act(client, deed)` performs a client's step; `leave()` closes all clients. */
async function play (site, steps, { act, leave }) {
  const watched = new Watched(site)
  for (const { client, deed, release } of steps) {
    if (deed !== undefined) await act(client, deed)
    else if (release !== undefined) watched.release(release)
    await nextTurn()
    watched.check()
  }
  leave()
  await watched.end()
}

function overHttp1 (port) {
  const sockets = []
  return {
    async act (client, deed) {
      let socket = sockets[client]
      if (socket === undefined || socket.destroyed || socket.writableEnded) {
        socket = sockets[client] = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
        opened(() => socket.destroy())
        socket.on('error', () => {}).resume()
        await once(socket, 'connect')
      }
      if (deed in DEEDS) DEEDS[deed](socket)
      else socket.write(TEXTS[deed])
    },
    leave () { for (const socket of sockets) socket?.destroy() }
  }
}

function overHttp2 (port) {
  const clients = []
  const streams = []
  return {
    async act (index, deed) {
      if (clients[index] === undefined || clients[index].session.destroyed) clients[index] = await connectHttp2(port)
      const { session } = clients[index]
      if (deed === 'destroy') session.destroy()
      else if (deed === 'reset') streams.pop()?.close(http2.constants.NGHTTP2_CANCEL)
      else streams.push(session.request({ ':path': deed }).on('error', () => {}).resume())
    },
    leave () { for (const client of clients) client?.session.destroy() }
  }
}

for (const kind of kinds) {
  describe(`in any order of events, the in-flight count in ${kind.name}`, function () {
    this.timeout(120_000)
    afterEach(closeOpened)

    const holds = (name, createServer, deeds, clientsOf) => {
      it(`stays within its bounds over ${name}, and ends at zero (SEED=${SEED})`, async () => {
        await fc.assert(fc.asyncProperty(fc.array(step(deeds), STEPS), async (steps) => {
          const site = await kind.start({ maxInFlight: MAX_IN_FLIGHT }, createServer && { createServer })
          if (kind.name === 'http') takeOver(site.server)
          await play(site, steps, clientsOf(site.port))
          await closeOpened()
        }), { seed: SEED, numRuns: RUNS, endOnFailure: true })
      })
    }

    holds('HTTP/1', undefined, [...Object.keys(TEXTS), ...Object.keys(DEEDS)], overHttp1)
    if (['koa 3', 'koa 2', 'http'].includes(kind.name)) {
      holds('HTTP/2', (listener) => http2.createServer(listener), [...Object.keys(STREAMS), 'destroy', 'reset'], overHttp2)
    }
  })
}

/** Answers upgrades and CONNECT. */
function takeOver (server) {
  for (const event of ['upgrade', 'connect']) {
    server.on(event, (req, socket) => {
      socket.on('error', () => {}).on('end', () => socket.end()).resume()
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n')
    })
  }
}
