'use strict'

const assert = require('node:assert/strict')
const http2 = require('node:http2')
const https = require('node:https')
const tls = require('node:tls')
const { Duplex } = require('node:stream')
const { once } = require('node:events')
const { guard } = require('../../lib/adapters/http.js')
const { binding } = require('../../lib/native/binding.js')
const { blockEachTurn } = require('../support/block.js')
const { connectTls } = require('../support/client.js')
const { listen } = require('../support/listen.js')
const { needs } = require('../support/needs.js')
const { closeOpened, opened } = require('../support/opened.js')
const { answerOk, received, sendTextAtOnce, spillingSite } = require('../support/spill.js')
const { pair } = require('../support/tls.js')
const { until } = require('../support/until.js')

const AT_ONCE = 8
// libuv accepts one connection before the spill runs.
const REFUSED = AT_ONCE - 1
const ALERT = '\x15\x03\x03\x00\x02\x02\x50'
/** The type of the record that answers a ClientHello. */
const HANDSHAKE = '\x16'

/** The first message of a TLS client. */
async function clientHello () {
  const captured = new Duplex({ read () {}, write (bytes, encoding, done) { this.emit('sent', bytes); done() } })
  const sent = once(captured, 'sent')
  const socket = tls.connect({ socket: captured, rejectUnauthorized: false })
  socket.on('error', () => {})
  const [bytes] = await sent
  socket.destroy()
  return bytes
}

describe('the spill of a TLS server', function () {
  before(function () {
    needs(this, 'waits from the kernel', binding.canSpill)
  })
  afterEach(closeOpened)

  const site = (options, more) => spillingSite(options, { server: https.createServer(pair, answerOk), ...more })

  it('refuses connections with an alert, before their handshake, and Node sees none of them', async () => {
    const { server, port, spill } = await site()
    let connections = 0
    server.on('connection', () => connections++)
    const sockets = sendTextAtOnce(port, Array(AT_ONCE).fill(await clientHello()))
    const [served] = await once(sockets[0], 'data')
    assert.equal(String.fromCharCode(served[0]), HANDSHAKE)
    const texts = await Promise.all(sockets.slice(1).map(received))
    assert.deepEqual(texts, Array(REFUSED).fill(ALERT))
    assert.equal(connections, AT_ONCE - REFUSED)
    const { spilled, handshakes, handedOver, dropped } = spill.snapshot()
    assert.deepEqual({ spilled, handshakes, handedOver, dropped }, { spilled: 0, handshakes: REFUSED, handedOver: 0, dropped: 0 })
  })

  it('tells a client that the server has refused', async () => {
    const { port, spill } = await site()
    const codes = []
    const clients = Array.from({ length: AT_ONCE }, () => {
      const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
      opened(() => socket.destroy())
      socket.on('error', ({ code }) => codes.push(code))
      return socket
    })
    await until(() => codes.length > 0 && codes.length === spill.snapshot().handshakes)
    assert.deepEqual([...new Set(codes)], ['ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR'])
    for (const socket of clients) socket.destroy()
  })

  it('waits for a client that has sent nothing, and closes late ones that have sent a part', async () => {
    const { port, spill } = await site()
    const hello = await clientHello()
    const sockets = sendTextAtOnce(port, Array(AT_ONCE).fill(hello.subarray(0, 100)))
    const texts = Promise.all(sockets.slice(1).map(received))
    await until(() => spill.snapshot().handshakes === REFUSED)
    assert.equal(spill.snapshot().lingeringCloses, REFUSED)
    for (const socket of sockets) socket.end(hello.subarray(100))
    assert.deepEqual(await texts, Array(REFUSED).fill(ALERT))
    await until(() => spill.snapshot().lingeringCloses === 0)
  })

  it('hands bytes that begin no handshake to Node', async () => {
    const { server, port, spill } = await site()
    const errors = []
    server.on('tlsClientError', ({ code }) => errors.push(code))
    const sockets = sendTextAtOnce(port, Array(4).fill('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
    await Promise.all(sockets.map(received))
    assert.deepEqual(errors, Array(4).fill('ERR_SSL_HTTP_REQUEST'))
    const { handshakes, handedOver } = spill.snapshot()
    assert.deepEqual({ handshakes, handedOver }, { handshakes: 0, handedOver: 3 })
  })

  it('reports its refusals by a reason of their own', async () => {
    const told = []
    const { port } = await site({}, { onSpill: (report) => told.push(report) })
    await Promise.all(sendTextAtOnce(port, Array(AT_ONCE).fill(await clientHello())).slice(1).map(received))
    assert.deepEqual([...new Set(told.map(({ reason }) => reason))], ['handshake'])
    assert.equal(told.reduce((sum, { count }) => sum + count, 0), REFUSED)
  })

  for (const [name, server] of [['https', https.createServer(pair, answerOk)], ['http2', http2.createSecureServer(pair, answerOk)]]) {
    it(`is active on a server of ${name}`, async () => {
      const gate = guard(server)
      opened(() => gate.close())
      await listen(server)
      const { active, why } = gate.snapshot().spill
      assert.deepEqual({ active, why }, { active: true, why: '' })
      assert.equal(gate.stats().shedBy.handshake, 0)
    })
  }

  it('is inactive on a server of HTTP/2 without TLS, and the snapshot says so', async () => {
    const server = http2.createServer(answerOk)
    const gate = guard(server)
    opened(() => gate.close())
    await listen(server)
    const { active, why } = gate.snapshot().spill
    assert.deepEqual({ active, why }, { active: false, why: 'the server speaks HTTP/2 without TLS' })
  })
})

describe('the wait of the first request over TLS', function () {
  before(function () {
    needs(this, 'waits from the kernel', binding.kernelWaits)
  })
  afterEach(closeOpened)

  const QUEUED = 40
  const TURN_MS = 10

  it('includes the time in the accept queue', async () => {
    const server = https.createServer(pair, answerOk)
    const gate = guard(server, { spill: false, maxDelay: 60_000 })
    opened(() => gate.close())
    const port = await listen(server)
    opened(blockEachTurn(TURN_MS))
    const clients = await Promise.all(Array.from({ length: QUEUED }, () => connectTls(port)))
    const sent = clients.map((client) => client.send('GET /'))
    await Promise.all(sent)
    const { lastWaits } = gate.stats()
    assert.ok(lastWaits.some((waitMs) => waitMs > QUEUED / 2 * TURN_MS), `${lastWaits}`)
  })

  it('does not include it if the request comes long after the handshake', async () => {
    const server = https.createServer(pair, answerOk)
    const gate = guard(server, { spill: false, maxDelay: 60_000 })
    opened(() => gate.close())
    const port = await listen(server)
    const stop = blockEachTurn(TURN_MS)
    opened(stop)
    const clients = await Promise.all(Array.from({ length: QUEUED }, () => connectTls(port)))
    stop()
    await new Promise((resolve) => setTimeout(resolve, QUEUED * TURN_MS))
    for (const client of clients) assert.equal((await client.send('GET /')).status, 200)
    const { lastWaits } = gate.stats()
    assert.ok(lastWaits.every((waitMs) => waitMs < QUEUED / 4 * TURN_MS), `${lastWaits}`)
  })
})
