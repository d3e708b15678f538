'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const net = require('node:net')
const os = require('node:os')
const { once } = require('node:events')
const express = require('express')
const fastify = require('fastify')
const { binding } = require('../../lib/native/binding.js')
const { guard } = require('../../lib/adapters/http.js')
const spillwayExpress = require('../../lib/adapters/express.js')
const spillwayFastify = require('../../lib/adapters/fastify/index.js')
const { run, start } = require('../support/child.js')
const { connect } = require('../support/client.js')
const { listen } = require('../support/listen.js')
const { needs } = require('../support/needs.js')
const { closeOpened, opened } = require('../support/opened.js')
const { kinds, kindNamed } = require('../support/servers.js')
const { answerOk, sendAtOnce, spillingSite } = require('../support/spill.js')

// In these, the middleware finds its servers by their requests.
const FOUND_BY_REQUEST = ['express 5', 'express 4']
// In these, nothing proves that the middleware judges every request.
const ON_REQUEST = ['koa 3', 'koa 2']

const spillOf = ({ snapshot }) => {
  const { active, why } = snapshot().spill
  return { active, why }
}
const ACTIVE = { active: true, why: '' }

describe('the spill', function () {
  before(function () {
    needs(this, 'waits from the kernel', binding.canSpill)
  })
  afterEach(closeOpened)

  for (const kind of kinds) {
    const knowsServers = !FOUND_BY_REQUEST.includes(kind.name) && !ON_REQUEST.includes(kind.name)
    const byDefault = !ON_REQUEST.includes(kind.name)
    it(`is active in ${kind.name} ${byDefault ? 'by default' : 'only with spill: true'}${knowsServers ? '' : ', from the first request on'}`, async () => {
      const site = await kind.start(byDefault ? {} : { spill: true })
      if (!knowsServers) {
        assert.equal(spillOf(site.gate).why, 'no server of this gate is known to listen')
        assert.equal((await (await connect(site.port)).send('GET /')).status, 200)
      }
      assert.deepEqual(spillOf(site.gate), ACTIVE)
      site.gate.close()
      assert.deepEqual(spillOf(site.gate), { active: false, why: 'the gate is closed' })
    })

    if (!byDefault) {
      it(`is inactive in ${kind.name} without spill: true, and the snapshot says so`, async () => {
        const site = await kind.start()
        assert.equal((await (await connect(site.port)).send('GET /')).status, 200)
        assert.match(spillOf(site.gate).why, /option spill is not true/)
      })
    }

    for (const [options, why] of [
      [{ spill: false }, 'the option spill is false'],
      [{ spill: true, dryRun: true }, 'the option dryRun is true'],
      [{ spill: true, maxDelay: false }, 'the option maxDelay is false'],
      [{ spill: true, message: 'x'.repeat(4096) }, 'the option message makes the answer longer than 4096 bytes']
    ]) {
      it(`is inactive in ${kind.name} if ${why}`, async () => {
        const site = await kind.start(options)
        assert.equal((await (await connect(site.port)).send('GET /')).status, 200)
        assert.deepEqual(spillOf(site.gate), { active: false, why })
      })
    }

    for (const [name, value] of Object.entries({ respond: () => {}, exempt: () => false })) {
      it(`is inactive in ${kind.name} if ${name} is a function, and then spill: true is an error`, async () => {
        if (byDefault) {
          const site = await kind.start({ [name]: value })
          assert.match(spillOf(site.gate).why, new RegExp(`the option ${name} is given as a function$`))
        }
        await assert.rejects(async () => kind.install({ spill: true, [name]: value }), (error) => {
          assert(error instanceof TypeError)
          assert(error.message.startsWith(`${kind.entry}: option "spill" cannot be true when "${name}" is given as a function: `))
          return true
        })
      })
    }
  }

  it('is unavailable in Express with errorMode: spill: true is then an error', () => {
    assert.throws(() => spillwayExpress({ spill: true, errorMode: true }), /option "spill" cannot be true when "errorMode" is given as true/)
  })

  it('watches both a server that listens before guard() is called and one that listens later', async () => {
    const before = http.createServer(answerOk)
    await listen(before)
    const after = http.createServer(answerOk)
    const listeners = () => [before, after].flatMap((server) => ['listening', 'close'].map((name) => server.listenerCount(name)))
    const untouched = listeners()
    const gates = [guard(before), guard(after)]
    assert.match(spillOf(gates[1]).why, /no server/)
    await listen(after)
    assert.deepEqual(gates.map(spillOf), [ACTIVE, ACTIVE])
    for (const gate of gates) gate.close()
    assert.deepEqual(listeners(), untouched)
  })

  it('watches a server that closes and listens again on the same descriptor', async () => {
    const { server, port, spill } = await spillingSite()
    await Promise.all(sendAtOnce(port, Array(10).fill('GET /')))
    const { spilled } = spill.snapshot()
    assert(spilled > 0)
    const { fd } = server._handle
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
    assert.equal(spill.snapshot().active, false)
    await listen(server)
    assert.equal(server._handle.fd, fd)
    assert.equal(spill.snapshot().sockets, 1)
    await Promise.all(sendAtOnce(server.address().port, Array(10).fill('GET /')))
    assert(spill.snapshot().spilled > spilled)
  })

  it("does not touch another server that reuses a closed server's descriptor", async () => {
    const { server, spill } = await spillingSite()
    const { fd } = server._handle
    server.removeAllListeners('close')
    server.close()
    const other = http.createServer(answerOk)
    await listen(other)
    assert.equal(other._handle.fd, fd)
    const answers = await Promise.all(sendAtOnce(other.address().port, Array(10).fill('GET /')))
    assert.deepEqual(answers.map(({ status }) => status), Array(10).fill(200))
    assert.deepEqual([spill.snapshot().spilled, spill.snapshot().active], [0, false])
  })

  it('serves several servers of one process, each with its own controller', async () => {
    const sites = [await spillingSite(), await spillingSite()]
    sites[1].controller.calm()
    await Promise.all(sites.flatMap(({ port }) => sendAtOnce(port, Array(10).fill('GET /'))))
    assert(sites[0].spill.snapshot().spilled > 0)
    assert.equal(sites[1].spill.snapshot().spilled, 0)
  })

  it('watches all servers of one Express application', async () => {
    const app = express()
    const gate = spillwayExpress({ spill: true })
    opened(() => gate.close())
    app.use(gate, (req, res) => res.send('ok'))
    for (let i = 1; i <= 3; i++) {
      const server = http.createServer(app)
      await listen(server)
      for (let k = 0; k < 2; k++) assert.equal((await (await connect(server.address().port)).send('GET /')).status, 200)
      assert.equal(gate.snapshot().spill.sockets, i)
    }
  })

  it('watches both addresses of localhost that Fastify listens on', async function () {
    needs(this, 'IPv6', Object.values(os.networkInterfaces()).flat().some(({ address }) => address === '::1'))
    const app = fastify()
    await app.register(spillwayFastify)
    app.get('/', async () => 'ok')
    await app.listen({ port: 0, host: 'localhost' })
    opened(() => app.close())
    const addresses = app.addresses()
    for (const { address, port } of addresses) {
      const client = await connect({ host: address, port })
      assert.equal((await client.send('GET /')).status, 200)
      client.destroy()
    }
    assert.equal(app.spillway.snapshot().spill.sockets, addresses.length)
  })

  it('becomes inactive in hapi when a route is exempt by its own options, and the snapshot says so', async () => {
    const { app, gate } = await kindNamed('hapi').start()
    assert.deepEqual(spillOf(gate), ACTIVE)
    app.route({ method: 'GET', path: '/own', handler: () => 'ok', options: { plugins: { spillway: false } } })
    assert.match(spillOf(gate).why, /^a route is exempt by its own options/)
  })

  it('belongs to only one gate of a server, and the snapshot of the other says so', async () => {
    const middleware = spillwayExpress({ spill: true })
    opened(() => middleware.close())
    const server = http.createServer(express().use(middleware, (req, res) => res.send('ok')))
    const first = guard(server)
    await listen(server)
    const ask = async () => assert.equal((await (await connect(server.address().port)).send('GET /')).status, 200)
    await ask()
    assert.deepEqual([spillOf(first), spillOf(middleware)],
      [ACTIVE, { active: false, why: 'the spill of another gate is attached to this server' }])
    first.close()
    const second = guard(server)
    opened(() => second.close())
    assert.deepEqual(spillOf(second), ACTIVE)
  })

  it('is inactive on a server that gets its connections from another server, and the snapshot says so', async () => {
    const inner = http.createServer(answerOk)
    const gate = guard(inner)
    opened(() => gate.close())
    const outer = net.createServer((socket) => inner.emit('connection', socket))
    await listen(outer)
    assert.equal((await (await connect(outer.address().port)).send('GET /')).status, 200)
    assert.match(spillOf(gate).why, /no server of this gate is known to listen/)
  })

  // Node supports reusePort since 22.12 and 23.1; earlier versions ignore it.
  const [major, minor] = process.versions.node.split('.').map(Number)
  const hasReusePort = major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12)
  for (const [policy, option, expected] of [
    ['round-robin', '', { active: false, why: "the cluster's primary holds the listening socket (round-robin scheduling)" }],
    ['none', '', { active: false, why: "the cluster's workers share the listening socket" }],
    ['round-robin', 'exclusive', ACTIVE],
    ...(hasReusePort ? [['round-robin', 'reusePort', ACTIVE]] : [])
  ]) {
    const how = `${option === '' ? '' : `that listens for itself (${option}) `}with ${policy} scheduling`
    it(`is ${expected.active ? 'active' : 'inactive'} in a cluster worker ${how}${expected.active ? '' : `: ${expected.why}`}`, async () => {
      const { child, hello } = await start('cluster-spill.js', [policy, option])
      assert.deepEqual(hello, { ...expected, status: 200 })
      await once(child, 'exit')
    })
  }

  it('is active in a worker thread', async () => {
    const { stdout, stderr } = await run(`
      const { Worker } = require('node:worker_threads')
      const worker = new Worker(\`
        const { spillingSite, sendAtOnce } = require('./test/support/spill.js')
        const { parentPort } = require('node:worker_threads')
        spillingSite({ exempt: '/health' }).then(async ({ port, spill }) => {
          await Promise.all(sendAtOnce(port, Array(20).fill('GET /').concat(Array(20).fill('GET /health'))))
          parentPort.postMessage(spill.snapshot())
          process.exit()
        })
      \`, { eval: true })
      worker.on('message', ({ active, spilled, handedOver }) => console.log(active, spilled > 10, handedOver >= 8))
    `)
    assert.deepEqual({ stdout, stderr }, { stdout: 'true true true\n', stderr: '' })
  })
})
