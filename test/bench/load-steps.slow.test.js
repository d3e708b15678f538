'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const http = require('node:http')

const startClient = require('../../bench/load')

const LOAD = { mode: 'open', connections: 'kept', timeoutMs: 5000 }
const UPLOADS = { path: '/upload', bytes: 1e6, pieces: 5, durationMs: 300 }

describe('the load client, beside a steady load,', function () {
  let client, server, seen, reply

  before(async () => {
    client = startClient()
    server = http.createServer((req, res) => {
      seen[req.url] = (seen[req.url] ?? 0) + 1
      reply(req, res)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })

  beforeEach(() => {
    seen = {}
    reply = (req, res) => res.end('done')
  })

  after(async () => {
    await client.stop()
    server.closeAllConnections()
    server.close()
  })

  function run (load) {
    return client.run({ ...LOAD, port: server.address().port, ...load })
  }

  it('changes its rate in steps, and keeps a timeline', async () => {
    const phases = [{ rate: 50, durationMs: 400 }, { rate: 200, durationMs: 300 }, { rate: 50, durationMs: 400 }]
    const { offered, ok, seconds, timeline } = await run({ phases, warmupMs: 200, recoveredP99Ms: 5000 })
    assert.equal(offered, 20 + 60 + 20)
    assert.equal(ok, offered)
    assert.equal(seconds, 1.1)
    assert.deepEqual(timeline.bins.map(bin => bin.ok), [5, 5, 5, 5, 20, 20, 20, 5, 5, 5, 5])
    assert.ok(timeline.bins.every(({ useful, refused, failed, p99 }) => useful === 5 || useful === 20 || refused + failed + p99 > 0))
    assert.deepEqual(timeline.phases, phases.map(() => ({ recoveredMs: 0, lastRefusedMs: null })))
  })

  it('requests several paths in turn', async () => {
    await run({ rate: 100, durationMs: 300, path: ['/a', '/b', '/c'] })
    assert.ok(Math.max(...Object.values(seen)) - Math.min(...Object.values(seen)) <= 1, JSON.stringify(seen))
    assert.deepEqual(Object.keys(seen), ['/a', '/b', '/c'])
  })

  for (const [what, onUpload, count] of [
    ['done if they were read completely', (req, res) => req.resume().on('end', () => res.end()), 'done'],
    ['refused if they were answered with 503 at once', (req, res) => res.writeHead(503).end(), 'refused'],
    ['failed if the connection was reset at once', req => req.socket.resetAndDestroy(), 'failed'],
    ['broken if they were refused halfway', (req, res) => setTimeout(() => res.writeHead(503).end(), 200), 'broken'],
    ['broken if the connection was reset halfway', req => setTimeout(() => req.socket.resetAndDestroy(), 200), 'broken'],
    ['broken if they were answered with 200 before their end', (req, res) => setTimeout(() => res.end(), 200), 'broken']
  ]) {
    it(`counts uploads as ${what}`, async () => {
      reply = (req, res) => req.url === '/upload' ? onUpload(req, res) : res.end('done')
      const { ok, uploads } = await run({ rate: 50, durationMs: 800, uploads: UPLOADS })
      assert.equal(ok, 40)
      assert.ok(uploads[count] > 0)
      assert.deepEqual(uploads, { done: 0, refused: 0, failed: 0, broken: 0, [count]: seen['/upload'] })
    })
  }
})
