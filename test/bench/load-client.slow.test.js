'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const http = require('node:http')
const { setTimeout: sleep } = require('node:timers/promises')

const burn = require('../../bench/workloads/burn')
const startClient = require('../../bench/load')

const LOAD = { mode: 'open', connections: 'new', rate: 100, durationMs: 300, timeoutMs: 5000 }
const OFFERED = 30
const BLOCK_MS = 300

describe('the load client', function () {
  const replies = {
    '/200': (req, res) => res.end('done'),
    '/503': (req, res) => res.writeHead(503).end('busy'),
    '/404': (req, res) => res.writeHead(404).end(),
    '/slow': (req, res) => setTimeout(() => res.end('done'), 100),
    '/hang': () => {},
    '/reset': req => req.socket.resetAndDestroy(),
    '/half': (req, res) => res.writeHead(200, { 'content-length': 10 }).write('half', () => req.socket.destroy())
  }
  let client, server, seen

  before(async () => {
    client = startClient()
    server = http.createServer((req, res) => {
      seen.requests++
      seen.most = Math.max(seen.most, ++seen.inFlight)
      res.once('close', () => seen.inFlight--)
      replies[req.url](req, res)
    })
    server.on('connection', () => seen.connections++)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })

  beforeEach(() => { seen = { requests: 0, connections: 0, inFlight: 0, most: 0 } })

  after(async () => {
    await client.stop()
    server.closeAllConnections()
    server.close()
  })

  function run (path, load) {
    return client.run({ ...LOAD, port: server.address().port, path, ...load })
  }

  for (const connections of ['new', 'kept']) {
    describe(`with ${connections} connections`, () => {
      it('counts 200 responses', async () => {
        const report = await run('/200', { connections })
        assert.equal(report.offered, OFFERED)
        assert.equal(report.ok, OFFERED)
        assert.equal(report.perSecond.ok, 100)
        assert.equal(report.failed + report.refused, 0)
        assert.ok(report.okMs.p50 > 0 && report.okMs.p50 <= report.okMs.p99)
      })

      it('counts 503 responses separately', async () => {
        const report = await run('/503', { connections })
        assert.equal(report.refused, OFFERED)
        assert.ok(report.refusedMs.p99 > 0)
        assert.equal(report.ok + report.failed, 0)
        assert.deepEqual(report.okMs, { p50: null, p99: null })
      })

      for (const [path, kind, load] of [
        ['/hang', 'timeout', { timeoutMs: 200 }],
        ['/reset', 'reset'],
        ['/half', 'reset'],
        ['/404', '404']
      ]) {
        it(`counts ${path} as a failure by ${kind}`, async () => {
          const report = await run(path, { connections, ...load })
          assert.deepEqual(report.failures, { [kind]: OFFERED })
          assert.equal(report.failed, OFFERED)
          assert.equal(report.ok + report.refused, 0)
        })
      }
    })
  }

  it('counts refused connections by their error code', async () => {
    const closed = http.createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const { port } = closed.address()
    await new Promise(resolve => closed.close(resolve))
    const { failures } = await run('/', { port })
    assert.deepEqual(failures, { ECONNREFUSED: OFFERED })
  })

  it('opens a connection for each request, or keeps connections alive', async () => {
    await run('/200', { connections: 'new' })
    assert.ok(seen.connections >= seen.requests, `${seen.connections} for ${seen.requests}`)
    seen = { requests: 0, connections: 0, inFlight: 0, most: 0 }
    await run('/200', { connections: 'kept' })
    assert.ok(seen.connections < seen.requests / 2, `${seen.connections} for ${seen.requests}`)
  })

  it('opens another connection if none is idle', async () => {
    const { ok } = await run('/slow', { connections: 'kept' })
    assert.equal(ok, OFFERED)
    assert.ok(seen.most > 2 && seen.connections >= seen.most)
  })

  it('does not count requests of the warm-up, or those sent after the counted ones', async () => {
    const { offered, ok } = await run('/slow', { warmupMs: 200 })
    assert.equal(offered, OFFERED)
    assert.equal(ok, OFFERED)
    assert.ok(seen.requests >= OFFERED + 20 + 1, `${seen.requests}`)
  })

  it('counts responses that arrived in time as useful', async () => {
    const { ok, useful } = await run('/slow', { usefulMs: 50 })
    assert.equal(ok, OFFERED)
    assert.equal(useful, 0)
    assert.equal((await run('/slow', { usefulMs: 5000 })).useful, OFFERED)
  })

  it('keeps sending while the server is blocked, and includes the wait in the latency', async () => {
    replies['/block'] = (req, res) => {
      if (seen.requests === 20) burn(BLOCK_MS)
      res.end()
    }
    const { offered, ok, okMs } = await run('/block', { rate: 200, durationMs: 1000 })
    assert.equal(offered, 200)
    assert.equal(ok, 200)
    assert.ok(okMs.p99 > BLOCK_MS / 2, `p99 ${okMs.p99}`)
  })

  it('measures from the scheduled start if it was late itself, and reports that', async () => {
    replies['/stop'] = (req, res) => {
      if (seen.requests === 20) stopped = suspend(client.pid)
      res.end()
    }
    let stopped
    const { offered, ok, okMs, latenessMs, invalid } = await run('/stop', { rate: 200, durationMs: 1000 })
    await stopped
    assert.equal(offered, 200)
    assert.equal(ok, 200)
    assert.ok(okMs.p99 > BLOCK_MS / 2, `p99 ${okMs.p99}`)
    assert.ok(latenessMs > BLOCK_MS / 2, `late ${latenessMs}`)
    assert.match(invalid, /^the client was \d+ ms late$/)
  })

  it('keeps a fixed number of requests in flight in closed mode', async () => {
    const { offered, ok, perSecond } = await run('/slow', { mode: 'closed', clients: 3, warmupMs: 100, durationMs: 500 })
    assert.equal(seen.most, 3)
    assert.ok(offered > 0 && offered <= 18, `${offered}`)
    assert.equal(ok, offered)
    assert.equal(perSecond.ok, ok * 2)
  })

  it('tries again after a failure, and measures from the first attempt', async () => {
    const retries = { attempts: 3, pauseMs: [100, 200] }
    const attempts = new Map()
    replies['/second'] = (req, res) => {
      const number = (attempts.get(req.socket.remotePort) ?? 0) + 1
      attempts.set(req.socket.remotePort, number)
      res.writeHead(attempts.size <= OFFERED ? 503 : 200).end()
    }
    const { offered, ok, useful, okMs } = await run('/second', { rate: 1000, durationMs: OFFERED, retries, usefulMs: 90 })
    assert.equal(offered, OFFERED)
    assert.equal(ok, OFFERED)
    assert.ok(useful < OFFERED && okMs.p99 > 90, `${useful} useful, p99 ${okMs.p99}`)
    seen.requests = 0
    const { refused, failed } = await run('/503', { retries, durationMs: 100 })
    assert.equal(refused, 10)
    assert.equal(failed, 0)
    assert.ok(seen.requests >= 30, `${seen.requests} requests`)
  })

  it('counts requests as unanswered that have no response when its patience ends', async () => {
    const { offered, failures } = await run('/hang', { patienceMs: 100 })
    assert.equal(offered, OFFERED)
    assert.deepEqual(failures, { unanswered: OFFERED })
  })

  it('fails if its process ends during a run', async () => {
    const other = startClient()
    const run = other.run({ ...LOAD, port: server.address().port, path: '/slow' })
    await other.stop()
    await assert.rejects(run, /client\.js ended by SIGKILL/)
    await other.stop()
  })
})

async function suspend (pid) {
  process.kill(pid, 'SIGSTOP')
  await sleep(BLOCK_MS)
  process.kill(pid, 'SIGCONT')
}
