'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const express = require('express')
const spillwayExpress = require('../../lib/adapters/express.js')
const { guard } = require('../../lib/adapters/http.js')
const { connect } = require('../support/client.js')
const { LIMIT_MS, late } = require('../support/late.js')
const { listen } = require('../support/listen.js')
const { closeOpened, opened } = require('../support/opened.js')
const { kinds } = require('../support/servers.js')
const { until } = require('../support/until.js')

const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n'
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
const maxDelay = LIMIT_MS

afterEach(closeOpened)

/** Waits for this many status lines. @returns {Promise<string[]>} the status lines received so far */
async function answers (client, count = 1) {
  const lines = () => client.rest.split('\r\n').filter((line) => line.startsWith('HTTP/1.1'))
  await until(() => lines().length >= count)
  return lines()
}

for (const kind of kinds.filter(({ name }) => ['http', 'fastify', 'hapi'].includes(name))) {
  describe(`a client of ${kind.name} that expects 100-continue`, () => {
    it('receives 100 Continue once it is admitted', async () => {
      const site = await kind.start({ maxDelay })
      const client = await connect(site.port)
      client.socket.write(POST)
      assert.deepEqual(await answers(client), ['HTTP/1.1 100 Continue'])
      client.socket.write('hello')
      assert.deepEqual(await answers(client, 2), ['HTTP/1.1 100 Continue', 'HTTP/1.1 200 OK'])
      assert.equal(site.gate.stats().admitted, 1)
    })

    it('is refused without a 100 Continue', async () => {
      const site = await kind.start({ maxDelay })
      const client = await connect(site.port)
      await late(() => client.socket.write(POST))
      assert.deepEqual(await answers(client), ['HTTP/1.1 503 Service Unavailable'])
      assert.equal(site.gate.stats().shed, 1)
    })

    it('receives 100 Continue if it is exempt, in a dry run, and after the gate is closed', async () => {
      for (const [options, count] of [[{ exempt: '/' }, 'exempt'], [{ dryRun: true }, 'admitted'], [{}, null]]) {
        const site = await kind.start({ maxDelay, ...options })
        if (count === null) site.gate.close()
        const client = await connect(site.port)
        client.socket.write(POST)
        assert.deepEqual(await answers(client), ['HTTP/1.1 100 Continue'])
        client.socket.write('hello')
        assert.equal((await answers(client, 2))[1], 'HTTP/1.1 200 OK')
        if (count !== null) assert.equal(site.gate.stats()[count], 1)
        if (count === null && kind.name !== 'hapi') assert.equal(site.server.listenerCount('checkContinue'), 0)
      }
    })
  })
}

describe('guard()', () => {
  it('lets Fastify send 100 Continue if a hook reads the body before the gate is asked', async () => {
    const fastify = require('fastify')()
    opened(() => fastify.close())
    fastify.addHook('onRequest', async (request) => { for await (const data of request.raw) assert.equal(String(data), 'hello') })
    await fastify.register(require('../../lib/adapters/fastify/index.js'))
    fastify.addContentTypeParser('text/plain', (request, payload, done) => done(null))
    fastify.post('/', async () => 'ok')
    await fastify.listen({ port: 0, host: '127.0.0.1' })
    const client = await connect(fastify.server.address().port)
    client.socket.write(POST)
    assert.deepEqual(await answers(client), ['HTTP/1.1 100 Continue'])
    client.socket.write('hello')
    assert.deepEqual(await answers(client, 2), ['HTTP/1.1 100 Continue', 'HTTP/1.1 200 OK'])
  })

  it('leaves checkContinue to a once() listener', async () => {
    let handled = 0
    const server = http.createServer((req, res) => { handled++; res.end('not here') })
    server.once('checkContinue', (req, res) => { handled++; res.writeHead(417).end() })
    opened(guard(server, { maxDelay }).close)
    const client = await connect(await listen(server))
    client.socket.write(POST)
    assert.deepEqual(await answers(client), ['HTTP/1.1 417 Expectation Failed'])
    assert.equal(handled, 1)
  })

  it('leaves checkContinue to a listener added later', async () => {
    const server = http.createServer((req, res) => res.end('not here'))
    const gate = guard(server, { maxDelay })
    opened(gate.close)
    server.on('checkContinue', (req, res) => res.writeHead(417).end())
    const client = await connect(await listen(server))
    client.socket.write(POST)
    assert.deepEqual(await answers(client), ['HTTP/1.1 417 Expectation Failed'])
    assert.equal(gate.stats().admitted, 1)
  })

  it('sends 100 Continue only once if middleware behind it also judges the request', async () => {
    const middleware = spillwayExpress({ maxDelay })
    const server = http.createServer(express().use(middleware).use((req, res) => req.resume().on('end', () => res.send('ok'))))
    const gate = guard(server, { maxDelay })
    const client = await connect(await listen(server))
    client.socket.write(POST)
    await until(() => client.rest.includes(CONTINUE))
    client.socket.write('hello')
    await until(() => client.rest.includes('200 OK'))
    assert.equal(client.rest.split(CONTINUE).length, 2)
    gate.close()
    middleware.close()
  })
})
