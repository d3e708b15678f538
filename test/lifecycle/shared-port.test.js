'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const net = require('node:net')
const os = require('node:os')
const { EventEmitter, once } = require('node:events')
const { listen } = require('../../lib/cluster.js')
const { binding } = require('../../lib/native/binding.js')
const { start } = require('../support/child.js')
const { connect } = require('../support/client.js')
const { needs } = require('../support/needs.js')
const { closeOpened, opened } = require('../support/opened.js')
const { unusedPort } = require('../support/unused-port.js')

const HOST = '127.0.0.1'

/** The kernel may reset a connection whose TCP handshake is in progress while a socket closes: see docs/cluster.md. */
function onlyInHandshake (error) {
  if (error.cause?.syscall !== 'connect') throw error
}

const answerOk = (req, res) => res.end('ok')

describe('listen() of spillway/cluster', function () {
  before(function () {
    needs(this, 'SO_REUSEPORT', binding.canSpill)
  })
  afterEach(closeOpened)

  const serverOf = () => {
    const server = http.createServer(answerOk)
    opened(() => {
      server.closeAllConnections()
      server.close()
    })
    return server
  }

  it('makes several servers listen on one port', async () => {
    const port = await unusedPort()
    for (let i = 0; i < 2; i++) {
      const server = serverOf()
      let called = 0
      assert.equal(listen(server, { port, host: HOST }, () => called++), server)
      await once(server, 'listening')
      assert.deepEqual([called, server.address()], [1, { address: HOST, family: 'IPv4', port }])
    }
    assert.equal((await (await connect(port)).send('GET /')).body, 'ok')
  })

  it('listens on all addresses by default, and looks names up', async () => {
    const any = listen(serverOf(), { port: 0 })
    await once(any, 'listening')
    assert.ok(['::', '0.0.0.0'].includes(any.address().address))
    assert.equal((await (await connect(any.address().port)).send('GET /')).body, 'ok')
    const named = listen(serverOf(), { port: 0, host: 'localhost' })
    await once(named, 'listening')
    assert.ok(['::1', HOST].includes(named.address().address))
  })

  it('emits an error if the port belongs to a socket that does not share it', async () => {
    const other = net.createServer().listen(0, HOST)
    await once(other, 'listening')
    opened(() => other.close())
    const server = serverOf()
    listen(server, { port: other.address().port, host: HOST })
    const [error] = await once(server, 'error')
    assert.deepEqual([error.code, error.syscall, error.port], ['EADDRINUSE', 'listen', other.address().port])
  })

  it('takes an IPv6 address with a zone', async function () {
    needs(this, 'IPv6', Object.values(os.networkInterfaces()).flat().some(({ address }) => address === '::1'))
    const server = listen(serverOf(), { port: 0, host: '::1%lo' })
    await once(server, 'listening')
    assert.equal(server.address().address, '::1')
  })

  it('fails for a server that listens, and leaves no second socket', async () => {
    const server = listen(serverOf(), { port: 0, host: HOST })
    await once(server, 'listening')
    const { port } = server.address()
    assert.throws(() => listen(server, { port, host: HOST }), { code: 'ERR_SERVER_ALREADY_LISTEN' })
    const other = serverOf()
    listen(other, { port, host: 'localhost' })
    other.listen(0, HOST)
    const [error] = await once(other, 'error')
    assert.equal(error.code, 'ERR_SERVER_ALREADY_LISTEN')
    const answers = Array.from({ length: 20 }, async () => (await connect(port)).send('GET /'))
    for (const { status } of await Promise.all(answers)) assert.equal(status, 200)
  })

  it('accepts the connections that wait before it closes', async () => {
    const server = listen(serverOf(), { port: 0, host: HOST })
    await once(server, 'listening')
    const { port } = server.address()
    const clients = Array.from({ length: 20 }, () => connect(port))
    const answers = clients.map(async (client) => (await client).send('GET /'))
    process.nextTick(() => server.close())
    for (const { status } of await Promise.all(answers)) assert.equal(status, 200)
  })

  it('closes idle connections after it has closed, but none with a request', async () => {
    const held = new EventEmitter()
    const server = http.createServer((req, res) => req.url === '/hold' ? held.emit('hold', () => res.end('ok')) : res.end('ok'))
    server.keepAliveTimeout = 0
    opened(() => server.closeAllConnections())
    listen(server, { port: 0, host: HOST })
    await once(server, 'listening')
    const [idle, busy] = await Promise.all([connect(server.address().port), connect(server.address().port)])
    assert.equal((await idle.send('GET /')).status, 200)
    const answer = busy.send('GET /hold')
    const [release] = await once(held, 'hold')
    server.close()
    await once(idle.socket, 'close')
    assert.equal(busy.socket.destroyed, false)
    release()
    assert.equal((await answer).status, 200)
    busy.destroy()
    await once(server, 'close')
  })

  for (const [what, args, message] of [
    ['a server', [{}], /^TypeError: spillway\/cluster: listen\(\) takes a server, got an object/],
    ['a port', [http.createServer(), {}], /^TypeError: spillway\/cluster: option "port" takes a whole number from 0 to 65535, got undefined/],
    ['a known option', [http.createServer(), { port: 1, hots: '' }], /unknown option "hots". Did you mean "host"\?/],
    ['a function as callback', [http.createServer(), { port: 1 }, 1], /takes a function as callback, got 1/]
  ]) {
    it(`takes ${what}`, () => {
      assert.throws(() => listen(...args), message)
    })
  }

  it('gives each worker of a cluster a socket of its own, and the spill with it', async () => {
    const port = await unusedPort()
    const { child, hello } = await start('shared-port.js', [String(port), '2'])
    assert.deepEqual(hello, { spill: { active: true, why: '' } })
    child.kill()
    await once(child, 'exit')
  })

  it('loses no established connection while the workers of a cluster are replaced', async () => {
    const port = await unusedPort()
    const { child } = await start('shared-port.js', [String(port), '2'])
    const pids = new Set()
    const over = new AbortController()
    const load = async () => {
      while (!over.signal.aborted) {
        const response = await fetch(`http://${HOST}:${port}`, { headers: { connection: 'close' } }).catch(onlyInHandshake)
        if (response !== undefined) pids.add(await response.text())
      }
    }
    const clients = Array.from({ length: 8 }, load)
    for (let i = 0; i < 2; i++) {
      child.send('replace')
      await once(child, 'message')
    }
    over.abort()
    await Promise.all(clients)
    assert.ok(pids.size >= 3, `${pids.size}`)
    child.kill()
    await once(child, 'exit')
  })
})
