'use strict'

const assert = require('node:assert/strict')
const net = require('node:net')
const { once } = require('node:events')
const { setTimeout: sleep } = require('node:timers/promises')
const { binding } = require('../../lib/native/binding.js')
const { nextTurn } = require('../support/block.js')
const { connect } = require('../support/client.js')
const { needs } = require('../support/needs.js')
const { closeOpened, opened } = require('../support/opened.js')
const { received, sendAtOnce, sendTextAtOnce, spillingSite } = require('../support/spill.js')
const { until } = require('../support/until.js')

const AT_ONCE = 8
// libuv accepts one connection before the spill runs.
const REFUSED = AT_ONCE - 1
// How many connections the spill hands over before its budget has to grow again.
const AT_A_TIME = 8
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const REFUSAL = /^HTTP\/1\.1 503 Service Unavailable\r\n(?:[^\r\n]+\r\n)+\r\nService Unavailable$/

const many = (what) => Array(AT_ONCE).fill(what)
const statuses = (answers) => answers.map(({ status }) => status)
const refused = (answers) => answers.filter(({ status }) => status === 503)

describe('the spill', function () {
  before(function () {
    needs(this, 'waits from the kernel', binding.canSpill)
  })
  afterEach(closeOpened)

  it('refuses the oldest connections beyond those that can be served in time, and Node sees none of them', async () => {
    const seen = []
    const { port, server, spill } = await spillingSite({}, { handler: (req, res) => { seen.push(req.url); res.end() } })
    let connections = 0
    server.on('connection', () => connections++)
    const answers = await Promise.all(sendAtOnce(port, Array.from({ length: AT_ONCE }, (_, i) => `GET /${i}`)))
    assert.deepEqual(statuses(answers), [200, ...Array(REFUSED).fill(503)])
    assert.deepEqual(seen, ['/0'])
    assert.equal(connections, AT_ONCE - REFUSED)
    const snapshot = { active: true, why: '', sockets: 1, spilled: REFUSED, handshakes: 0, handedOver: 0, dropped: 0, lingeringCloses: 0 }
    assert.deepEqual(spill.snapshot(), snapshot)
  })

  it('refuses nothing while no queue stands', async () => {
    const { port, controller, spill } = await spillingSite()
    controller.calm()
    assert.deepEqual(statuses(await Promise.all(sendAtOnce(port, many('GET /')))), many(200))
    assert.equal(spill.snapshot().spilled, 0)
  })

  it('reports its refusals to the admission controller, whose queue detector then still finds a queue', async () => {
    const { port, controller } = await spillingSite()
    await Promise.all(sendAtOnce(port, many('GET /')))
    controller.turn(controller.now + 100e6, 0, 0)
    assert.equal(controller.snapshot().queueing, true)
  })

  it("answers with the gate's message, its length in bytes and its Retry-After", async () => {
    const { port } = await spillingSite({ message: 'spöter', retryAfter: 77 })
    const [answer, ...others] = refused(await Promise.all(sendAtOnce(port, many('GET /'))))
    assert.deepEqual(answer, {
      status: 503,
      headers: {
        'retry-after': '77',
        'content-type': 'text/plain; charset=utf-8',
        'content-length': '7',
        connection: 'close'
      },
      body: 'spöter'
    })
    for (const other of others) assert.deepEqual(other, answer)
  })

  it('jitters an automatic Retry-After, which grows with the number of waiting connections', async () => {
    const { port } = await spillingSite()
    for (const [waiting, least, most] of [[4, 1, 6], [20, 5, 16], [200, 5, 16]]) {
      // So many take several turns, and the last of them see a shorter queue.
      const answers = refused(await Promise.all(sendAtOnce(port, Array(1 + waiting).fill('GET /'))))
      const seconds = answers.map(({ headers }) => Number(headers['retry-after']))
      assert(waiting < 20 || new Set(seconds).size > 1)
      assert(seconds[0] >= least, seconds.join())
      assert(seconds.every((value) => value >= 1 && value <= most), seconds.join())
    }
  })

  it('answers HEAD without a body, and ends the connection', async () => {
    const { port } = await spillingSite()
    const texts = await Promise.all(sendTextAtOnce(port, many(GET.replace('GET', 'HEAD'))).map(async (socket) => {
      setImmediate(() => socket.end())
      return received(socket)
    }))
    const answers = texts.filter((text) => text.startsWith('HTTP/1.1 503'))
    assert.equal(answers.length, REFUSED)
    for (const text of answers) assert.match(text, /Content-Length: 19\r\nConnection: close\r\n\r\n$/)
  })

  it('lets a client read the answer even if the client still has a body or more requests to send', async () => {
    const { port, spill } = await spillingSite()
    for (const text of [
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n' + 'x'.repeat(1_000_000),
      'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n',
      GET + GET
    ]) {
      const { spilled } = spill.snapshot()
      const errors = []
      const sockets = sendTextAtOnce(port, many(text))
      const answers = sockets.map(async (socket) => {
        socket.on('error', ({ code }) => errors.push(code))
        const answer = received(socket)
        await once(socket, 'data')
        socket.end()
        return answer
      })
      await until(() => spill.snapshot().spilled === spilled + REFUSED, () => `after ${spilled}: ${JSON.stringify(spill.snapshot())}`)
      const texts = await Promise.all(answers.slice(1, 1 + REFUSED))
      for (const answer of texts) assert.match(answer, REFUSAL)
      assert.deepEqual(errors, [])
      for (const socket of sockets) socket.destroy()
      await until(() => spill.snapshot().lingeringCloses === 0)
    }
  })

  it('keeps a refused connection open while its client keeps sending, and no longer', async () => {
    const { port, spill } = await spillingSite()
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n'
    const sockets = sendTextAtOnce(port, many(head))
    await until(() => spill.snapshot().spilled === REFUSED)
    assert.equal(spill.snapshot().lingeringCloses, REFUSED)
    for (const socket of sockets) socket.write('more')
    await sleep(50)
    assert.equal(spill.snapshot().lingeringCloses, REFUSED)
    for (const socket of sockets) socket.destroy()
    await until(() => spill.snapshot().lingeringCloses === 0)
  })

  it('closes a refused connection after 2 s if the client never does', async () => {
    const { port, spill } = await spillingSite()
    for (let i = 0; i < AT_ONCE; i++) {
      const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
      opened(() => socket.destroy())
      socket.once('connect', () => socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n'))
      socket.on('error', () => {})
      socket.resume()
    }
    await until(() => spill.snapshot().lingeringCloses === REFUSED)
    await until(() => spill.snapshot().lingeringCloses === 0)
  })

  it('closes the oldest refused connections when too many are in a lingering close, instead of handing over the others', async () => {
    const { port, spill } = await spillingSite()
    const wave = 400
    let sent = 0
    for (let i = 0; i < 3; i++) {
      // They do not read, so they do not notice the end of the answer.
      sendTextAtOnce(port, Array(wave).fill('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n'))
      sent += wave
      await until(() => spill.snapshot().spilled > 0.9 * sent)
    }
    const { handedOver, lingeringCloses } = spill.snapshot()
    assert.equal(handedOver, 0)
    assert.equal(lingeringCloses, 1024)
  })

  it('waits briefly for a client that is slow to send, and then refuses it too', async () => {
    const { port, spill } = await spillingSite()
    const sockets = sendTextAtOnce(port, many(GET.slice(0, 5)))
    await once(sockets.at(-1), 'connect')
    for (const socket of sockets) socket.write(GET.slice(5))
    const answers = await Promise.all(sockets.slice(1, 1 + REFUSED).map(received))
    for (const answer of answers) assert.match(answer, REFUSAL)
    assert.equal(spill.snapshot().handedOver, 0)
  })

  for (const [name, text] of [['nothing', ''], ['a single byte', 'G'], ['half a head', GET.slice(0, 20)]]) {
    it(`hands over a client that sends ${name} and then pauses for too long, and Node serves it when the rest arrives`, async () => {
      const { port, spill } = await spillingSite()
      const sockets = sendTextAtOnce(port, many(text))
      await until(() => spill.snapshot().handedOver === REFUSED)
      for (const socket of sockets) {
        socket.write(GET.slice(text.length))
        const [answer] = await once(socket, 'data')
        assert.match(String(answer), /^HTTP\/1.1 200/)
      }
      assert.equal(spill.snapshot().spilled, 0)
    })
  }

  it('hands over connections without a request as soon as the queue is gone', async () => {
    const { port, controller, spill } = await spillingSite()
    const sockets = sendTextAtOnce(port, many(''))
    await once(sockets.at(-1), 'connect')
    await nextTurn()
    controller.calm()
    for (const socket of sockets) socket.write(GET)
    await Promise.all(sockets.map((socket) => once(socket, 'data')))
    assert.equal(spill.snapshot().spilled, 0)
  })

  it('hands over requests for exempt paths', async () => {
    const { port, spill } = await spillingSite({ exempt: ['/health', '/internal/*'] })
    const targets = ['/', '/health', '/health?x', '/healthy', '/internal/x', 'http://a/health', '/', '/', '/', '/']
    const answers = await Promise.all(sendAtOnce(port, targets.map((target) => `GET ${target}`)))
    assert.deepEqual(statuses(answers).slice(1, 1 + REFUSED), [200, 200, 503, 200, 200, 503, 503])
    assert.equal(spill.snapshot().handedOver, 4)
  })

  const upgradeTo = (protocol) => ({ headers: { Connection: 'Upgrade', Upgrade: protocol } })
  const switchProtocols = (req, socket) => socket.on('error', () => {}).end('HTTP/1.1 101 Switching Protocols\r\n\r\n')

  it('hands over WebSocket requests while the server listens for upgrades', async () => {
    const { port, server, spill } = await spillingSite()
    const answers = async () => statuses(await Promise.all(sendAtOnce(port, many('GET /'), upgradeTo('websocket'))))
    await answers()
    assert.equal(spill.snapshot().spilled, REFUSED)
    assert.equal(spill.snapshot().handedOver, 0)
    server.on('upgrade', switchProtocols)
    const { spilled } = spill.snapshot()
    assert.deepEqual(await answers(), many(101))
    const { handedOver } = spill.snapshot()
    // If the process loses the processor for a while, the loop accepts some of them itself.
    assert(handedOver > 0)
    assert.equal(spill.snapshot().spilled, spilled)
    server.removeListener('upgrade', switchProtocols)
    await answers()
    assert.equal(spill.snapshot().handedOver, handedOver)
    assert(spill.snapshot().spilled > spilled)
  })

  // Takes several turns.
  const flood = 300
  // A few requests take all of the loop's time, so only a few connections are handed over.
  const makeBusy = (controller) => {
    for (const [lasting, busy] of [[100e6, 100e6], [15e6, 0]]) {
      controller.now += lasting
      controller.queued(1e6)
      controller.turn(controller.now, busy, 0)
    }
  }

  it('still hands over a request for an exempt path during a flood of data that it cannot read', async () => {
    const { port, spill, controller } = await spillingSite({ exempt: '/health' })
    makeBusy(controller)
    const sockets = sendTextAtOnce(port, [...Array(flood).fill('\0\r\n\r\n'), GET.replace('/', '/health'), ...many('\0\r\n\r\n')])
    const [answer] = await once(sockets[flood], 'data')
    assert.match(String(answer), /^HTTP\/1.1 200/)
    assert(spill.snapshot().spilled > flood / 2)
  })

  it('refuses other upgrade requests, which a server may answer without upgrading', async () => {
    const { port, server, spill } = await spillingSite()
    server.on('upgrade', switchProtocols)
    const answers = await Promise.all(sendAtOnce(port, many('GET /'), upgradeTo('h2c')))
    assert.deepEqual(statuses(answers), [101, ...Array(REFUSED).fill(503)])
    assert.deepEqual([spill.snapshot().spilled, spill.snapshot().handedOver], [REFUSED, 0])
  })

  for (const [name, text] of [
    ['an exempt path', GET.replace('/', '/health')],
    ['a WebSocket', GET.replace('\r\n\r\n', '\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')],
    ['a rare method', GET.replace('GET', 'PROPFIND')],
    ['a huge head', GET.replace('\r\n\r\n', `\r\nX: ${'x'.repeat(9000)}\r\n\r\n`)],
    ['garbage', '\0\r\n\r\n']
  ]) {
    it(`hands over only a few connections with ${name} at once, and refuses the others and the plain requests behind them`, async () => {
      const { port, server, spill, controller } = await spillingSite({ exempt: '/health' })
      makeBusy(controller)
      server.on('upgrade', switchProtocols)
      const sockets = sendTextAtOnce(port, [...Array(flood).fill(text), ...many(GET.replace('GET', 'HEAD'))])
      const plain = sockets.slice(flood)
      const answers = await Promise.all(plain.map(async (socket) => String((await once(socket, 'data'))[0])))
      // Node accepts one for each turn that this takes.
      assert(answers.filter((answer) => answer.startsWith('HTTP/1.1 503')).length > plain.length / 2)
      const { handedOver, spilled } = spill.snapshot()
      assert(handedOver >= AT_A_TIME && handedOver <= AT_A_TIME + 1, `${handedOver} handed over`)
      assert(spilled + handedOver >= 0.9 * (flood + plain.length))
    })
  }

  for (const [name, text] of [
    ['TLS', '\x16\x03\x01\x02\x00'], ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'], ['garbage', '\0\r\n\r\n'], ['lines without CR', 'GET / HTTP/1.1\n\n']
  ]) {
    it(`leaves everything but plain HTTP/1 to Node, such as ${name}`, async () => {
      const { port, spill } = await spillingSite()
      const answers = await Promise.all(sendTextAtOnce(port, many(text)).map(received))
      for (const answer of answers) assert.match(answer, /^HTTP\/1.1 400/)
      assert.deepEqual([spill.snapshot().handedOver, spill.snapshot().spilled], [REFUSED, 0])
    })
  }

  it('hands over the connection of a client that has left', async () => {
    const { port, spill } = await spillingSite()
    const sockets = sendTextAtOnce(port, many(''))
    for (const socket of sockets) socket.once('connect', () => socket.end())
    await Promise.all(sockets.map(received))
    const { spilled, dropped, lingeringCloses } = spill.snapshot()
    assert.deepEqual({ spilled, dropped, lingeringCloses }, { spilled: 0, dropped: 0, lingeringCloses: 0 })
  })

  it('calls onSpill at most once per turn, and counts every refusal', async () => {
    const told = []
    const { port, spill } = await spillingSite({}, { onSpill: (turn) => told.push(turn) })
    await Promise.all(sendAtOnce(port, many('GET /')))
    assert.deepEqual(told.map(({ count }) => count), [REFUSED])
    assert(told[0].waitMs >= 0 && told[0].waitMs < 1000)
    assert(told[0].retryAfter >= 1)
    assert.equal(spill.snapshot().spilled, REFUSED)
  })

  it('passes a fixed Retry-After to onSpill', async () => {
    const told = []
    const { port } = await spillingSite({ retryAfter: 77 }, { onSpill: (turn) => told.push(turn) })
    const answers = await Promise.all(sendAtOnce(port, many('GET /')))
    assert.equal(answers.find(({ status }) => status === 503).headers['retry-after'], '77')
    assert.deepEqual(told.map(({ retryAfter }) => retryAfter), [77])
  })

  it('stops at close(): it hands over the connections that it holds, and refuses no more', async () => {
    const { port, spill } = await spillingSite()
    const sockets = sendTextAtOnce(port, many(''))
    await once(sockets.at(-1), 'connect')
    await nextTurn()
    spill.close()
    const after = spill.snapshot()
    assert.deepEqual({ active: after.active, why: after.why, dropped: after.dropped },
      { active: false, why: 'the gate is closed', dropped: 0 })
    assert.equal(after.handedOver, REFUSED)
    for (const socket of sockets) socket.write(GET)
    await Promise.all(sockets.map((socket) => once(socket, 'data')))
    assert.deepEqual(statuses(await Promise.all(sendAtOnce(port, many('GET /')))), many(200))
    assert.equal(spill.snapshot().spilled, 0)
  })

  it('does not affect requests on a connection that is already accepted', async () => {
    const { port, spill } = await spillingSite()
    const client = await connect(port)
    for (let i = 0; i < 3; i++) assert.equal((await client.send('GET /')).status, 200)
    assert.equal(spill.snapshot().spilled, 0)
  })
})
