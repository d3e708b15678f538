'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const { AsyncLocalStorage, executionAsyncId, triggerAsyncId } = require('node:async_hooks')
const { once } = require('node:events')

const { binding } = require('../../lib/native/binding.js')
const { connect } = require('../support/client.js')
const { run } = require('../support/child.js')
const { connectionsOf } = require('../support/listen.js')
const { needs } = require('../support/needs.js')
const { closeOpened, opened } = require('../support/opened.js')
const { answerOk, received, sendAtOnce, sendTextAtOnce, spillingSite } = require('../support/spill.js')
const { until } = require('../support/until.js')

// How many connections the spill hands over at a time.
const HANDED_OVER = 8
const AT_ONCE = HANDED_OVER // libuv accepts the first
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const EVERYTHING = { exempt: '/*' }
const HALF_A_HEAD = GET.slice(0, 20)

const many = (what) => Array(AT_ONCE).fill(what)

// Each of these runs twice: on a server whose spill hands over all but a few connections, and on the same server when Node
// accepts all of them. Both runs must return the same value.
const behaviours = {
  'its socket has the same properties': async ({ server, port }) => {
    const sockets = []
    server.on('connection', (socket) => sockets.push(socket))
    await Promise.all(sendAtOnce(port, many('GET /')))
    return sockets.map((socket) => ({
      keys: Object.keys(socket).sort(),
      constructor: socket.constructor.name,
      handle: [socket._handle?.constructor.name, Object.getOwnPropertyNames(socket._handle ?? {}).sort()],
      isServers: socket.server === server && socket._server === server,
      allowHalfOpen: socket.allowHalfOpen,
      ends: [socket.localAddress, socket.localPort === port, socket.remoteAddress, socket.remoteFamily, socket.remotePort > 0],
      watermarks: [socket.readableHighWaterMark, socket.writableHighWaterMark],
      listeners: socket.eventNames().map((name) => [name, socket.listenerCount(name)])
    }))
  },

  'connections are emitted in the order in which they arrived': async ({ server, port }) => {
    const ports = []
    server.on('connection', ({ remotePort }) => ports.push(remotePort))
    const sockets = sendTextAtOnce(port, many(GET))
    await Promise.all(sockets.map((socket) => once(socket, 'data')))
    // libuv accepts some in the meantime, which come last.
    const order = sockets.slice(1, HANDED_OVER).map(({ localPort }) => ports.indexOf(localPort))
    return order.every((place, i) => i === 0 || place > order[i - 1])
  },

  'getConnections() counts it': async ({ server, port }) => {
    const sockets = sendTextAtOnce(port, many(GET))
    await Promise.all(sockets.map((socket) => once(socket, 'data')))
    const counted = [await connectionsOf(server)]
    for (const socket of sockets.slice(0, 6)) socket.destroy()
    await until(async () => await connectionsOf(server) <= AT_ONCE - 6)
    return [...counted, await connectionsOf(server)]
  },

  'close() waits for its running request, and closes it when idle': async ({ server, port, holding }) => {
    const sockets = sendTextAtOnce(port, many(GET))
    const busy = sockets.splice(5)
    for (const socket of busy) socket.once('data', () => socket.write(GET.replace('/', '/hold')))
    await Promise.all(sockets.map((socket) => once(socket, 'data')))
    await until(() => holding.length >= AT_ONCE - 5)
    const ended = sockets.map(received)
    let closed = false
    server.close(() => { closed = true })
    await Promise.all(ended)
    const before = closed
    for (const answer of holding) answer()
    for (const socket of busy) socket.end()
    await once(server, 'close')
    return [before, holding.length]
  },

  'closeAllConnections() closes it': async ({ server, port }) => {
    const sockets = sendTextAtOnce(port, many(HALF_A_HEAD))
    await until(async () => await connectionsOf(server) >= AT_ONCE)
    server.closeAllConnections()
    await Promise.all(sockets.map(received))
    return connectionsOf(server)
  },

  'it counts towards maxConnections and the drop event': async ({ server, port }) => {
    server.maxConnections = 4
    const dropped = []
    server.on('drop', (data) => dropped.push(Object.keys(data).sort()))
    const sockets = sendTextAtOnce(port, many(GET.replace('/', '/hold')))
    await until(() => dropped.length >= AT_ONCE - 4)
    const count = await connectionsOf(server)
    for (const socket of sockets) socket.destroy()
    return [count, dropped]
  },

  'the headers timeout closes it': async ({ port }) => {
    const sockets = sendTextAtOnce(port, many(HALF_A_HEAD))
    const answers = await Promise.all(sockets.map(received))
    return answers.map((answer) => answer.split('\r\n')[0])
  },

  'the keep-alive timeout closes it': async ({ port, server }) => {
    server.keepAliveTimeout = 100
    const sockets = sendTextAtOnce(port, many(GET))
    return (await Promise.all(sockets.map(received))).map((answer) => answer.split('\r\n')[0])
  },

  'it carries several requests in a row': async ({ port }) => {
    const connections = await Promise.all(many(port).map(connect))
    const answers = []
    for (let i = 0; i < 3; i++) {
      answers.push(await Promise.all(connections.map(async (connection) => (await connection.send('GET /again')).body)))
    }
    return answers
  },

  'it carries an upload': async ({ port }) => {
    const body = 'x'.repeat(100_000)
    const answers = await Promise.all(sendAtOnce(port, many('POST /'), { body }))
    return answers.map(({ status }) => status)
  },

  'its asynchronous context is that of listen(), with its own id': async ({ server, port, storage }) => {
    const seen = []
    server.on('connection', () => seen.push([storage.getStore(), executionAsyncId() > 1]))
    server.prependListener('request', () => seen.push([storage.getStore(), executionAsyncId() > 1 && triggerAsyncId() > 0]))
    await Promise.all(sendAtOnce(port, many('GET /')))
    return seen
  },

  'microtasks and next ticks run before the next connection or I/O': async ({ server, port }) => {
    let ticked = 0
    server.on('connection', () => {
      process.nextTick(() => ticked++)
      Promise.resolve().then(() => ticked++)
    })
    const connected = new Promise((resolve) => server.on('request', () => resolve(ticked > 0)))
    await Promise.all(sendAtOnce(port, many('GET /')))
    return [await connected, ticked]
  }
}

describe('a connection that the spill hands over', function () {
  before(function () {
    needs(this, 'waits from the kernel', binding.canSpill)
  })
  afterEach(closeOpened)

  async function site ({ calm, ...options }) {
    const storage = new AsyncLocalStorage()
    const holding = []
    const server = http.createServer({ connectionsCheckingInterval: 20, headersTimeout: 1000, requestTimeout: 2000, ...options }, (req, res) => {
      if (req.url === '/hold') holding.push(() => res.end())
      else answerOk(req, res)
    })
    const site = await storage.run('of listen()', () => spillingSite(EVERYTHING, { server }))
    if (calm) site.controller.calm()
    return { ...site, storage, holding }
  }

  for (const [name, behaviour] of Object.entries(behaviours)) {
    it(`behaves like one that Node accepts: ${name}`, async () => {
      const accepting = await site({ calm: true })
      const expected = await behaviour(accepting)
      assert.equal(accepting.spill.snapshot().handedOver, 0)
      const handing = await site({ calm: false })
      const actual = await behaviour(handing)
      const { handedOver, spilled, dropped } = handing.spill.snapshot()
      assert(handedOver >= HANDED_OVER - 1, `${handedOver} handed over`)
      assert.deepEqual({ spilled, dropped }, { spilled: 0, dropped: 0 })
      assert.deepEqual(actual, expected)
    })
  }

  it("has the server's noDelay, keepAlive and highWaterMark", async () => {
    const options = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 7000, highWaterMark: 4321 }
    const { server, port } = await site({ ...options, calm: false })
    const calls = []
    const { prototype } = server._handle.constructor
    for (const name of ['setNoDelay', 'setKeepAlive']) {
      const original = prototype[name]
      prototype[name] = function (...args) {
        calls.push([name, ...args])
        return original.apply(this, args)
      }
      opened(() => { prototype[name] = original })
    }
    const marks = new Set()
    server.on('connection', ({ readableHighWaterMark }) => marks.add(readableHighWaterMark))
    await Promise.all(sendAtOnce(port, many('GET /')))
    assert.deepEqual(calls.filter(([name]) => name === 'setKeepAlive').slice(0, AT_ONCE), many(['setKeepAlive', true, 7]))
    assert(calls.filter(([name]) => name === 'setNoDelay').length >= AT_ONCE)
    assert.deepEqual([...marks], [4321])
  })

  it('does not affect other connections if a listener throws for it', async () => {
    const { code, stdout, stderr } = await run(`
      const { spillingSite, sendAtOnce } = require('./test/support/spill.js')
      const thrown = []
      process.on('uncaughtException', (error) => thrown.push(error.message))
      spillingSite({ exempt: '/*' }).then(async ({ server, port, spill }) => {
        let count = 0
        server.prependListener('connection', (socket) => {
          if (++count % 3 === 0) { socket.destroy(); throw new Error('of ' + count) }
        })
        const answers = await Promise.allSettled(sendAtOnce(port, Array(${AT_ONCE}).fill('GET /')))
        const served = answers.filter(({ status }) => status === 'fulfilled').length
        const { handedOver, dropped } = spill.snapshot()
        console.log(JSON.stringify({ served, thrown: thrown.length, first: thrown[0], handedOver: handedOver >= ${HANDED_OVER - 1}, dropped }))
        process.exit()
      })`)
    assert.deepEqual({ code, stderr, ...JSON.parse(stdout) },
      { code: 0, stderr: '', served: 6, thrown: 2, first: 'of 3', handedOver: true, dropped: 0 })
  })

  it('does not affect other connections if a listener throws for it while the spill closes', async () => {
    const { code, stdout, stderr } = await run(`
      const { spillingSite, sendTextAtOnce, waiting } = require('./test/support/spill.js')
      let thrown = 0
      process.on('uncaughtException', () => { thrown++ })
      spillingSite().then(async ({ port, server, spill }) => {
        let count = 0
        const close = () => {
          // A turn that runs out of time leaves the rest to the next one, and Node accepts a connection in between.
          if (waiting(port) > 0) return setImmediate(close)
          const before = { connections: count, ...spill.snapshot() }
          spill.close()
          const after = { connections: count, ...spill.snapshot() }
          const [connections, handedOver, dropped] = ['connections', 'handedOver', 'dropped'].map((name) => after[name] - before[name])
          const end = () => {
            if (thrown < Math.floor(count / 3)) return setImmediate(end)
            console.log(JSON.stringify({ connections, handedOver, dropped }))
            process.exit()
          }
          end()
        }
        server.on('connection', () => {
          if (++count === 1) setImmediate(() => setImmediate(close))
          if (count % 3 === 0) throw new Error('of ' + count)
        })
        // The spill holds silent connections.
        sendTextAtOnce(port, Array(32).fill(''))
      })`)
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    const { connections, handedOver, dropped } = JSON.parse(stdout)
    assert(connections > 20, `${connections} were held`)
    assert.deepEqual({ handedOver, dropped }, { handedOver: connections, dropped: 0 })
  })

  it('ends the process if a listener throws and nothing catches the error, as one that Node accepts does', async () => {
    const { code, stderr } = await run(`
      const { spillingSite, sendAtOnce } = require('./test/support/spill.js')
      spillingSite({ exempt: '/*' }).then(({ server, port }) => {
        let count = 0
        server.on('connection', () => { if (++count === 5) throw new Error('on purpose') })
        sendAtOnce(port, Array(30).fill('GET /')).forEach((answer) => answer.catch(() => {}))
      })`)
    assert.equal(code, 1)
    assert.match(stderr, /on purpose/)
  })

  it('is closed, with those behind it, if the server closes during the hand-over', async () => {
    const { server, port, spill } = await site({ calm: false })
    let connections = 0
    server.keepAliveTimeout = 100
    server.on('connection', () => { if (++connections === 5) server.close() })
    const sockets = sendTextAtOnce(port, many(GET))
    await Promise.all(sockets.map(received))
    assert.equal(connections, 5)
    const { active, dropped, handedOver } = spill.snapshot()
    assert.equal(active, false)
    // Node may have accepted one of the five.
    assert(handedOver >= 4 && handedOver + dropped >= HANDED_OVER - 1, `${handedOver} and ${dropped}`)
  })

  it('may close the spill that is handing it over', async () => {
    const { server, port, spill } = await site({ calm: false })
    server.once('connection', () => server.once('connection', () => spill.close()))
    const answers = await Promise.all(sendAtOnce(port, many('GET /')))
    assert.deepEqual(answers.map(({ status }) => status), many(200))
    assert.deepEqual([spill.snapshot().active, spill.snapshot().dropped], [false, 0])
  })
})
