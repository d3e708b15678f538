'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const http = require('node:http')
const os = require('node:os')
const path = require('node:path')
const { guard } = require('../../lib/adapters/http.js')
const { binding } = require('../../lib/native/binding.js')
const monitor = require('../../lib/loop/monitor.js')
const { block, blockEachTurn, nextTurn } = require('../support/block.js')
const { connect } = require('../support/client.js')
const { listen } = require('../support/listen.js')
const { needs } = require('../support/needs.js')
const { closeOpened, opened } = require('../support/opened.js')
const { answerOk, received, sendAtOnce, sendTextAtOnce, spillingSite } = require('../support/spill.js')
const { until } = require('../support/until.js')

const AT_ONCE = 8
// libuv accepts one connection before the spill runs.
const REFUSED = AT_ONCE - 1
const REFUSAL = /^HTTP\/1\.1 503 Service Unavailable\r\n(?:[^\r\n]+\r\n)+\r\nService Unavailable$/

const many = (what) => Array(AT_ONCE).fill(what)
const statuses = (answers) => answers.map(({ status }) => status)

/** The path of a socket in a new folder. */
function socketPath () {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-'))
  opened(() => fs.rmSync(folder, { recursive: true }))
  return path.join(folder, 'socket')
}

describe('the spill of a Unix socket', function () {
  before(function () {
    needs(this, 'waits from the kernel', binding.canSpill)
  })
  afterEach(closeOpened)

  const site = (options, more) => spillingSite(options, { path: socketPath(), ...more })

  it('refuses the oldest connections beyond those that can be served in time', async () => {
    const { port, spill } = await site()
    const answers = await Promise.all(sendAtOnce(port, many('GET /')))
    assert.deepEqual(statuses(answers), [200, ...Array(REFUSED).fill(503)])
    assert.equal(spill.snapshot().spilled, REFUSED)
  })

  it('hands exempt requests over', async () => {
    const { port, spill } = await site({ exempt: '/health' })
    assert.deepEqual(statuses(await Promise.all(sendAtOnce(port, many('GET /health')))), many(200))
    assert.equal(spill.snapshot().handedOver, REFUSED)
  })

  it('lets a client read the answer even if the client still has a body to send', async () => {
    const { port, spill } = await site()
    const text = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(1_000_000)}`
    const errors = []
    const sockets = sendTextAtOnce(port, many(text))
    for (const socket of sockets) socket.on('error', ({ code }) => errors.push(code))
    const texts = sockets.slice(1).map((socket) => {
      socket.once('data', () => socket.end())
      return received(socket)
    })
    for (const answer of await Promise.all(texts)) assert.match(answer, REFUSAL)
    assert.deepEqual(errors, [])
    await until(() => spill.snapshot().lingeringCloses === 0)
  })
})

describe('the wait of a request over a Unix socket', function () {
  before(function () {
    needs(this, 'waits from the kernel', binding.canSpill)
  })
  afterEach(closeOpened)

  const QUEUED = 40
  const TURN_MS = 10

  async function start () {
    const server = http.createServer(answerOk)
    const gate = guard(server, { spill: false, maxDelay: 60_000 })
    opened(() => gate.close())
    const file = socketPath()
    await listen(server, file)
    return { gate, file }
  }

  it('includes the time in the accept queue', async () => {
    const { gate, file } = await start()
    opened(blockEachTurn(TURN_MS))
    const clients = await Promise.all(Array.from({ length: QUEUED }, () => connect(file)))
    await Promise.all(clients.map((client) => client.send('GET /')))
    const { lastWaits } = gate.stats()
    // Each turn accepts one.
    const longest = Math.max(...lastWaits)
    assert.ok(longest > QUEUED / 2 * TURN_MS, `${lastWaits}`)
    assert.deepEqual(lastWaits.slice(1).map((waitMs, i) => waitMs >= lastWaits[i] - 2 * TURN_MS), Array(lastWaits.length - 1).fill(true), `${lastWaits}`)
  })

  it('does not include it if the request comes long after its connection was accepted', async () => {
    const { gate, file } = await start()
    const stop = blockEachTurn(TURN_MS)
    opened(stop)
    const clients = await Promise.all(Array.from({ length: QUEUED }, () => connect(file)))
    await new Promise((resolve) => setTimeout(resolve, QUEUED * TURN_MS * 2))
    stop()
    await nextTurn()
    for (const client of clients) assert.equal((await client.send('GET /')).status, 200)
    const { lastWaits } = gate.stats()
    assert.ok(lastWaits.every((waitMs) => waitMs < 5 * TURN_MS), `${lastWaits}`)
  })
})

describe('the length of an accept queue', function () {
  before(function () {
    needs(this, 'waits from the kernel', binding.canSpill)
  })
  afterEach(closeOpened)

  it('counts in delay() on a Unix socket, too', async () => {
    const release = monitor.acquire()
    opened(release)
    const server = http.createServer(answerOk)
    const file = socketPath()
    await listen(server, file)
    binding.watchListeners(server._handle.fd)
    opened(() => binding.watchListeners())
    // So many turns that their mean is near to TURN_MS, whatever the loop did before.
    for (let i = 0; i < 100; i++) {
      block(TURN_MS)
      await nextTurn()
    }
    const before = binding.delay()
    for (let i = 0; i < 20; i++) connect(file).catch(() => {})
    block(TURN_MS)
    await nextTurn()
    assert.ok(binding.delay() > before + 5 * TURN_MS, `${before}, ${binding.delay()}`)
  })

  const TURN_MS = 10

  it('is not known on a descriptor that does not listen', () => {
    assert.equal(binding.knowsAcceptQueue(0), false)
    assert.equal(binding.knowsAcceptQueue(-1), false)
  })
})
