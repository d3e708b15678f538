'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const express = require('express')
const spillwayExpress = require('../../lib/adapters/express.js')
const { guard } = require('../../lib/adapters/http.js')
const { connect } = require('../support/client.js')
const { LIMIT_MS, late } = require('../support/late.js')
const { listen } = require('../support/listen.js')
const { needs } = require('../support/needs.js')
const { closeOpened, opened } = require('../support/opened.js')
const { kinds } = require('../support/servers.js')
const { until } = require('../support/until.js')
const { binding } = require('../../lib/native/binding.js')

const maxDelay = LIMIT_MS

afterEach(closeOpened)

const counts = (gate) => {
  const { admitted, shed, wouldShed, inFlight } = gate.stats()
  return { admitted, shed, wouldShed, inFlight }
}

describe('a gate in a dry run', () => {
  it('in front of one that enforces leaves the refusal to the enforcing gate, and both count it', async () => {
    const middleware = spillwayExpress({ maxDelay })
    const server = http.createServer(express().use(middleware).use((req, res) => res.send('ok')))
    const gate = guard(server, { maxDelay, dryRun: true })
    opened(() => { gate.close(); middleware.close() })
    const client = await connect(await listen(server))
    assert.equal((await late(() => client.send('GET /'))).status, 503)
    assert.equal((await client.send('GET /')).status, 200)
    await until(() => gate.stats().inFlight + middleware.stats().inFlight === 0)
    assert.deepEqual(counts(gate), { admitted: 2, shed: 0, wouldShed: 1, inFlight: 0 })
    assert.deepEqual(counts(middleware), { admitted: 1, shed: 1, wouldShed: 0, inFlight: 0 })
  })

  it('behind one that enforces sees only the requests that the enforcing gate admits', async () => {
    const middleware = spillwayExpress({ maxInFlight: 1, dryRun: true })
    const server = http.createServer(express().use(middleware).use((req, res) => res.send('ok')))
    const gate = guard(server, { maxDelay })
    opened(() => { gate.close(); middleware.close() })
    const client = await connect(await listen(server))
    assert.equal((await late(() => client.send('GET /'))).status, 503)
    assert.equal((await client.send('GET /')).status, 200)
    await until(() => gate.stats().inFlight + middleware.stats().inFlight === 0)
    assert.deepEqual(counts(gate), { admitted: 1, shed: 1, wouldShed: 0, inFlight: 0 })
    assert.deepEqual(counts(middleware), { admitted: 1, shed: 0, wouldShed: 0, inFlight: 0 })
  })

  it('counts a request once, however often it passes the gate', async () => {
    const gate = spillwayExpress({ maxDelay, dryRun: true })
    opened(gate.close)
    const server = http.createServer(express().use(gate, gate).use((req, res) => res.send('ok')))
    const client = await connect(await listen(server))
    assert.equal((await late(() => client.send('GET /'))).status, 200)
    await until(() => gate.stats().inFlight === 0)
    assert.deepEqual(counts(gate), { admitted: 1, shed: 0, wouldShed: 1, inFlight: 0 })
  })

  for (const kind of kinds) {
    it(`closes no connection in ${kind.name} when descriptors run out`, async function () {
      needs(this, 'a count of open descriptors', process.platform === 'linux')
      const site = await kind.start({ maxFdRatio: 0.0001, sampleInterval: 10, dryRun: true })
      const client = await connect(site.port)
      const answer = await until(async () => {
        const answer = await client.send('GET /')
        return site.gate.stats().wouldShed > 0 && answer
      })
      assert.equal(answer.status, 200)
      assert.notEqual(answer.headers.connection, 'close')
      assert.equal((await client.send('GET /')).status, 200)
      assert.equal(site.gate.stats().droppedConnections, 0)
    })

    it(`measures service times in ${kind.name} by a single clock`, async () => {
      const site = await kind.start({ maxInFlight: 1, maxDelay: false, dryRun: true })
      const clients = await Promise.all(Array.from({ length: 3 }, () => connect(site.port)))
      for (let i = 0; i < 10; i++) {
        const releases = []
        const collect = (release) => releases.push(release)
        site.events.on('hold', collect)
        const answers = clients.map((client) => client.send('GET /hold'))
        await until(() => releases.length >= clients.length)
        site.events.off('hold', collect)
        for (const release of releases) release()
        for (const { status } of await Promise.all(answers)) assert.equal(status, 200)
      }
      await until(() => site.gate.stats().inFlight === 0)
      assert.equal(site.gate.stats().wouldShed, 20)
      for (const { noLoadMs, inFlight } of site.gate.snapshot().classes) {
        assert.ok(noLoadMs >= 0 && noLoadMs < 60_000, `${noLoadMs} ms`)
        assert.equal(inFlight, 0)
      }
    })
  }
})

describe('maxInFlight: 1 for slow handlers', () => {
  const REQUESTS = 200
  const EVERY = 10

  /** Sends requests. Every EVERY-th of them lets the earlier ones be answered. Returns how many were refused. */
  async function refusedOf (options) {
    const waiting = []
    const server = http.createServer((req, res) => { waiting.push(res) })
    const gate = guard(server, { maxInFlight: 1, maxDelay: false, ...options })
    opened(gate.close)
    await listen(server)
    for (let i = 0; i < REQUESTS; i++) {
      const { port } = server.address()
      const client = await connect(port)
      const answer = client.send('GET /')
      const { admitted, shed } = gate.stats()
      await until(() => gate.stats().admitted + gate.stats().shed !== admitted + shed)
      if (i % EVERY === EVERY - 1) {
        for (const res of waiting.splice(0)) res.end('ok')
        await until(() => gate.stats().inFlight === 0)
      }
      answer.catch(() => {})
    }
    const { shed, wouldShed } = gate.stats()
    return shed + wouldShed
  }

  it('refuses as many requests as a dry run reports, within 10 %', async () => {
    const enforced = await refusedOf({})
    assert.equal(enforced, REQUESTS - REQUESTS / EVERY)
    const reported = await refusedOf({ dryRun: true })
    assert.ok(Math.abs(reported - enforced) <= 0.1 * enforced, `${reported} for ${enforced}`)
  })

  before(function () {
    needs(this, 'waits from the kernel', binding.kernelWaits)
  })
})
