'use strict'

const assert = require('node:assert/strict')
const { kinds } = require('../support/servers.js')
const { connect } = require('../support/client.js')
const { LIMIT_MS, late } = require('../support/late.js')
const { closeOpened } = require('../support/opened.js')
const { retryAfterSeconds } = require('../../lib/gate/refusal.js')

const LARGE_BODY = 'x'.repeat(900_000)

afterEach(closeOpened)

for (const kind of kinds) {
  describe(`the gate in ${kind.name},`, () => {
    const start = (options) => kind.start({ maxDelay: LIMIT_MS, ...options })

    describe('when it refuses a request,', () => {
      it('answers 503 with Retry-After and a message, and keeps the connection open', async () => {
        const site = await start()
        const client = await connect(site.port)
        const refused = await late(() => client.send('GET /'))
        assert.equal(refused.status, 503)
        assert.match(refused.headers['retry-after'], /^\d+$/)
        assert.ok(refused.headers['retry-after'] >= 1 && refused.headers['retry-after'] <= 60)
        assert.equal(messageOf(refused), 'Service Unavailable')
        assert.notEqual(refused.headers.connection, 'close')
        const admitted = await client.send('GET /')
        assert.equal(admitted.status, 200)
        assert.equal(admitted.body, 'ok')
      })

      it('sends the message and the Retry-After that are set', async () => {
        const site = await start({ message: 'trop occupé', retryAfter: 7 })
        const client = await connect(site.port)
        const refused = await late(() => client.send('GET /'))
        assert.equal(refused.headers['retry-after'], '7')
        assert.equal(messageOf(refused), 'trop occupé')
      })

      it('accepts an empty message and a retryAfter of 0', async () => {
        const site = await start({ message: '', retryAfter: 0 })
        const client = await connect(site.port)
        const refused = await late(() => client.send('GET /'))
        assert.equal(refused.status, 503)
        assert.equal(refused.headers['retry-after'], '0')
      })

      it('answers a HEAD without a body, and the connection stays usable', async () => {
        const site = await start()
        const client = await connect(site.port)
        const refused = await late(() => client.send('HEAD /'))
        assert.equal(refused.status, 503)
        assert.ok('retry-after' in refused.headers)
        const admitted = await client.send('GET /')
        assert.equal(admitted.status, 200)
        assert.equal(admitted.body, 'ok')
      })

      it('leaves the connection of a POST usable', async () => {
        const site = await start()
        const client = await connect(site.port)
        const refused = await late(() => client.send('POST /', { body: 'x' }))
        assert.equal(refused.status, 503)
        const admitted = await client.send('POST /', { body: 'y' })
        assert.equal(admitted.status, 200)
        assert.equal(site.gate.stats().shed, 1)
      })

      it('leaves the connection of a POST usable if its body comes after the answer', async () => {
        const site = await start()
        const client = await connect(site.port)
        const headers = { 'Content-Length': String(LARGE_BODY.length + 1) }
        const refused = await late(() => client.send('POST /', { headers, body: 'x' }))
        assert.equal(refused.status, 503)
        // Hapi always closes a connection whose payload it has not read.
        if (kind.name === 'hapi') return
        client.socket.write(LARGE_BODY)
        const admitted = await client.send('POST /', { body: 'y' })
        assert.equal(admitted.status, 200)
        assert.equal(site.gate.stats().shed, 1)
      })

      it('closes the connection if the client asked for it', async () => {
        const site = await start()
        const client = await connect(site.port)
        const refused = await late(() => client.send('GET /', { headers: { Connection: 'close' } }))
        assert.equal(refused.status, 503)
        assert.equal(refused.headers.connection, 'close')
        await client.closed
      })

      it('also refuses requests that expect 100-continue', async () => {
        const site = await start()
        const client = await connect(site.port)
        const more = { headers: { Expect: '100-continue' }, body: 'x' }
        const refused = await late(() => client.send('POST /', more))
        assert.equal(refused.status, 503)
        // Node closes the connection if it has not asked for the body, as with Hapi.
        const next = refused.headers.connection === 'close' ? await connect(site.port) : client
        const admitted = await next.send('POST /', more)
        assert.equal(admitted.status, 200)
        assert.deepEqual(counts(site), { admitted: 1, shed: 1, exempt: 0, wouldShed: 0 })
      })

      it('refuses all late requests of several connections, and none that arrives afterwards', async () => {
        const site = await start()
        const clients = await Promise.all([connect(site.port), connect(site.port), connect(site.port)])
        const refused = await late(() => clients.flatMap((client) => [client.send('GET /'), client.send('GET /health')]))
        assert.deepEqual(refused.map(({ status }) => status), Array(6).fill(503))
        const admitted = await Promise.all(clients.map((client) => client.send('GET /')))
        assert.deepEqual(admitted.map(({ status }) => status), [200, 200, 200])
        assert.deepEqual(counts(site), { admitted: 3, shed: 6, exempt: 0, wouldShed: 0 })
      })

      it("refuses unknown routes, and targets of every form that Node's parser accepts", async () => {
        const site = await start({ exempt: ['/health', '/live*'] })
        const lines = ['GET /nowhere', 'GET /%zz', 'GET //', 'GET /?', 'GET /a?b=/health', 'GET http://localhost/',
          'GET http://localhost', 'OPTIONS *', 'GET /%00', 'GET http://', 'GET http://[/', 'GET /health%', 'GET ?/health']
        const clients = await Promise.all(lines.map(() => connect(site.port)))
        const answers = await late(() => lines.map((line, i) => clients[i].send(line).catch(String)))
        for (const [i, line] of lines.entries()) {
          // Node's parser or a router may reject a target before the gate is asked.
          assert.ok([503, 400, 404].includes(answers[i].status), `${line}: ${JSON.stringify(answers[i])}`)
        }
        assert.ok(answers.filter(({ status }) => status === 503).length >= 8)
        assert.equal((await clients[0].send('GET /')).status, 200)
      })
    })
  })
}

describe("retryAfter 'auto'", () => {
  const random = Math.random
  afterEach(() => { Math.random = random })

  /** The shortest and the longest random choice. */
  const bounds = (over) => [0, 1 - Number.EPSILON].map((chance) => {
    Math.random = () => chance
    return retryAfterSeconds('auto', over)
  })

  it('grows with the amount by which the request exceeded the limit, and varies by half of that in either direction', () => {
    assert.deepEqual(bounds(1.01), [1, 2])
    assert.deepEqual(bounds(10), [5, 15])
    assert.deepEqual(bounds(20), [10, 30])
  })

  it('is a whole number from 1 to 60', () => {
    assert.deepEqual(bounds(1000), [60, 60])
    assert.ok(bounds(1)[0] >= 1)
    Math.random = random
    for (let over = 1; over < 200; over += 0.97) {
      const seconds = retryAfterSeconds('auto', over)
      assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60)
    }
  })
})

function messageOf (answer) {
  const isJson = answer.headers['content-type'].startsWith('application/json')
  return isJson ? JSON.parse(answer.body).message : answer.body
}

function counts (site) {
  const { admitted, shed, exempt, wouldShed } = site.gate.stats()
  return { admitted, shed, exempt, wouldShed }
}
