'use strict'

const assert = require('node:assert/strict')
const { run } = require('../support/child.js')

/** A script whose server receives its first request before any part of this package measures. */
const source = (serve) => `
  const http = require('node:http')
  const net = require('node:net')
  const express = require('express')
  const spillway = require('spillway/express')
  const { guard } = require('spillway/http')
  const { once } = require('node:events')
  const { nextTurn } = require('./test/support/block.js')
  const { listen } = require('./test/support/listen.js')
  const { until } = require('./test/support/until.js')
  let gate
  const counts = () => { const { admitted, shed, inFlight } = gate.stats(); return [admitted, shed, inFlight].join() }
  const closed = (socket) => new Promise((resolve) => socket.once('close', resolve))
  const get = (port) => fetch('http://127.0.0.1:' + port).then((response) => response.text())
  async function main () {
    ${serve}
  }
  main().then(() => process.exit())
`

async function said (serve) {
  const { code, stdout, stderr } = await run(source(serve))
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  return stdout
}

describe('a request that is older than the first gate', () => {
  it('is admitted, is answered and leaves the in-flight count if its handler creates the gate', async () => {
    assert.equal(await said(`
      const app = express()
      app.use((req, res, next) => {
        gate ??= spillway({ maxInFlight: 1, maxDelay: 60_000 })
        gate(req, res, next)
      })
      const seen = []
      app.use((req, res) => { seen.push(counts()); res.send('ok') })
      const port = await listen(http.createServer(app))
      for (let i = 0; i < 3; i++) seen.push(await get(port), counts())
      console.log(...seen)
    `), '1,0,1 ok 1,0,0 2,0,1 ok 2,0,0 3,0,1 ok 3,0,0\n')
  })

  it('is admitted, is answered and leaves the in-flight count if the gate is added while it waits in asynchronous middleware', async () => {
    assert.equal(await said(`
      const app = express()
      const connecting = Promise.withResolvers ? Promise.withResolvers() : {}
      connecting.promise ??= new Promise((resolve) => { connecting.resolve = resolve })
      const arrived = new Promise((resolve) => {
        app.use((req, res, next) => { resolve(); connecting.promise.then(next) })
      })
      const port = await listen(http.createServer(app))
      const answer = get(port)
      await arrived
      app.use(gate = spillway({ maxDelay: 60_000 }))
      app.use((req, res) => res.send(counts()))
      connecting.resolve()
      console.log(await answer, counts(), await get(port), counts())
    `), '1,0,1 1,0,0 2,0,1 2,0,0\n')
  })

  it('keeps its place until its handler has ended, even if its client has left, as do the requests queued behind it', async () => {
    assert.equal(await said(`
      const app = express()
      const responses = []
      app.use((req, res, next) => {
        if (req.url === '/all') gate = spillway({ maxInFlight: 3, maxDelay: 60_000 })
        responses.push([req, res])
        if (req.url === '/all') for (const [req, res] of responses) gate(req, res, () => {})
      })
      const server = http.createServer(app)
      const port = await listen(server)
      const client = net.connect(port, '127.0.0.1')
      client.write('GET /1 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\nGET /2 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\nGET /all HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n')
      await until(() => responses.length >= 3)
      const seen = [counts()]
      client.resetAndDestroy()
      await closed(responses[0][0].socket)
      await nextTurn()
      seen.push(counts())
      for (const [, res] of responses) {
        res.end('late')
        seen.push(counts())
      }
      console.log(...seen)
    `), '3,0,3 3,0,3 3,0,2 3,0,1 3,0,0\n')
  })

  it('leaves the in-flight count if its connection closed before the gate was created', async () => {
    assert.equal(await said(`
      const app = express()
      let next
      app.use((req, res, proceed) => { next = proceed })
      const server = http.createServer(app)
      const port = await listen(server)
      const client = net.connect(port, '127.0.0.1')
      client.write('GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n')
      const [socket] = await once(server, 'connection')
      await until(() => next)
      client.resetAndDestroy()
      await closed(socket)
      app.use(gate = spillway({ maxDelay: 60_000 }))
      app.use((req, res) => { console.log(counts()); res.send('late'); console.log(counts()) })
      next()
    `), '1,0,1\n1,0,0\n')
  })
})

describe('an internal error while a request is processed', () => {
  it('does not end the process, and emits one warning', async () => {
    const { code, stdout, stderr } = await run(source(`
      class Strange extends http.IncomingMessage {
        #looks = 0
        get url () { if (this.#looks++ === 0) throw new Error('broken'); return '/' }
        set url (url) { if (#looks in this) this.#looks = 0 }
      }
      const server = http.createServer({ IncomingMessage: Strange }, (req, res) => res.end(counts()))
      gate = guard(server, { maxDelay: 60_000 })
      const port = await listen(server)
      console.log(await get(port), await get(port))
    `))
    assert.equal(code, 0)
    assert.equal(stdout, '1,0,1 2,0,1\n')
    assert.match(stderr, /^\(node:\d+\) \[SPILLWAY_INTERNAL\] SpillwayWarning: spillway could not track a request or a connection/)
    assert.equal(stderr.match(/SPILLWAY_INTERNAL/g).length, 1)
  })
})
