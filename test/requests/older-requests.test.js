'use strict'

const assert = require('node:assert/strict')
const { run } = require('../support/child.js')

/**
 * A server in a process of its own, in which nothing of this package has begun to measure when the first request
 * comes. `first` is answered by `answer(res)`; then come two more requests on connections of their own.
 */
const source = (serve) => `
  const http = require('node:http')
  const net = require('node:net')
  const express = require('express')
  const spillway = require('spillway/express')
  const { guard } = require('spillway/http')
  const { once } = require('node:events')
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  let gate
  const counts = () => { const { admitted, shed, inFlight } = gate.stats(); return [admitted, shed, inFlight].join() }
  const closed = (socket) => new Promise((resolve) => socket.once('close', resolve))
  const get = (port) => fetch('http://127.0.0.1:' + port).then((response) => response.text())
  async function listen (server) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return server.address().port
  }
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
  it('which is made in it, is admitted, answered and counted out, like those after it', async () => {
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

  it('which is added while it sits in asynchronous middleware, is admitted, answered and counted out', async () => {
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

  it('keeps its place until its handler has ended, though its client has left, and those queued behind it too', async () => {
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
      while (responses.length < 3) await turn()
      const seen = [counts()]
      client.resetAndDestroy()
      await closed(responses[0][0].socket)
      await turn()
      seen.push(counts())
      for (const [, res] of responses) {
        res.end('late')
        seen.push(counts())
      }
      console.log(...seen)
    `), '3,0,3 3,0,3 3,0,2 3,0,1 3,0,0\n')
  })

  it('is no longer followed when its connection was gone before the gate came', async () => {
    assert.equal(await said(`
      const app = express()
      let next
      app.use((req, res, proceed) => { next = proceed })
      const server = http.createServer(app)
      const port = await listen(server)
      const client = net.connect(port, '127.0.0.1')
      client.write('GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n')
      const [socket] = await once(server, 'connection')
      while (!next) await turn()
      client.resetAndDestroy()
      await closed(socket)
      app.use(gate = spillway({ maxDelay: 60_000 }))
      app.use((req, res) => { console.log(counts()); res.send('late'); console.log(counts()) })
      next()
    `), '1,0,1\n1,0,0\n')
  })
})

describe('a fault of this package in the middle of a request', () => {
  it('does not end the process: a warning tells of it, once', async () => {
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
