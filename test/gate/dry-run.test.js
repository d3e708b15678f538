'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const { once } = require('node:events')
const express = require('express')
const spillwayExpress = require('../../lib/adapters/express.js')
const { guard } = require('../../lib/adapters/http.js')
const { connect } = require('../support/client.js')
const { LIMIT_MS, late } = require('../support/late.js')
const { needs } = require('../support/needs.js')
const { closeOpened, opened } = require('../support/opened.js')
const { kinds } = require('../support/servers.js')
const { nextTurn } = require('../support/block.js')
const { binding } = require('../../lib/native/binding.js')

const maxDelay = LIMIT_MS

afterEach(closeOpened)

const counts = (gate) => {
  const { admitted, shed, wouldShed, inFlight } = gate.stats()
  return { admitted, shed, wouldShed, inFlight }
}

async function listen (server) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  opened(() => server.close())
  opened(() => server.closeAllConnections())
  return connect(server.address().port)
}

describe('a gate that only isDryRun', () => {
  it('in front of one that enforces leaves it to that, and both count', async () => {
    const middleware = spillwayExpress({ maxDelay })
    const server = http.createServer(express().use(middleware).use((req, res) => res.send('ok')))
    const gate = guard(server, { maxDelay, dryRun: true })
    opened(() => { gate.close(); middleware.close() })
    const client = await listen(server)
    assert.equal((await late(() => client.send('GET /'))).status, 503)
    assert.equal((await client.send('GET /')).status, 200)
    while (gate.stats().inFlight + middleware.stats().inFlight > 0) await nextTurn()
    assert.deepEqual(counts(gate), { admitted: 2, shed: 0, wouldShed: 1, inFlight: 0 })
    assert.deepEqual(counts(middleware), { admitted: 1, shed: 1, wouldShed: 0, inFlight: 0 })
  })

  it('behind one that enforces sees what that admits', async () => {
    const middleware = spillwayExpress({ maxInFlight: 1, dryRun: true })
    const server = http.createServer(express().use(middleware).use((req, res) => res.send('ok')))
    const gate = guard(server, { maxDelay })
    opened(() => { gate.close(); middleware.close() })
    const client = await listen(server)
    assert.equal((await late(() => client.send('GET /'))).status, 503)
    assert.equal((await client.send('GET /')).status, 200)
    while (gate.stats().inFlight + middleware.stats().inFlight > 0) await nextTurn()
    assert.deepEqual(counts(gate), { admitted: 1, shed: 1, wouldShed: 0, inFlight: 0 })
    assert.deepEqual(counts(middleware), { admitted: 1, shed: 0, wouldShed: 0, inFlight: 0 })
  })

  it('counts a request once, however often it comes by', async () => {
    const gate = spillwayExpress({ maxDelay, dryRun: true })
    opened(gate.close)
    const server = http.createServer(express().use(gate, gate).use((req, res) => res.send('ok')))
    const client = await listen(server)
    assert.equal((await late(() => client.send('GET /'))).status, 200)
    while (gate.stats().inFlight > 0) await nextTurn()
    assert.deepEqual(counts(gate), { admitted: 1, shed: 0, wouldShed: 1, inFlight: 0 })
  })

  for (const kind of kinds) {
    it(`in ${kind.name} ends no connection for want of descriptors`, async function () {
      needs(this, 'a count of open descriptors', process.platform === 'linux')
      const site = await kind.start({ maxFdRatio: 0.0001, sampleInterval: 10, dryRun: true })
      const client = await connect(site.port)
      let answer
      do answer = await client.send('GET /')
      while (site.gate.stats().wouldShed === 0)
      assert.equal(answer.status, 200)
      assert.notEqual(answer.headers.connection, 'close')
      assert.equal((await client.send('GET /')).status, 200)
      assert.equal(site.gate.stats().droppedConnections, 0)
    })

    it(`in ${kind.name} measures what a response takes by one clock`, async () => {
      const site = await kind.start({ maxInFlight: 1, maxDelay: false, dryRun: true })
      const clients = await Promise.all(Array.from({ length: 3 }, () => connect(site.port)))
      for (let i = 0; i < 10; i++) {
        const releases = []
        const collect = (release) => releases.push(release)
        site.events.on('hold', collect)
        const answers = clients.map((client) => client.send('GET /hold'))
        while (releases.length < clients.length) await nextTurn()
        site.events.off('hold', collect)
        for (const release of releases) release()
        for (const { status } of await Promise.all(answers)) assert.equal(status, 200)
      }
      while (site.gate.stats().inFlight > 0) await nextTurn()
      assert.equal(site.gate.stats().wouldShed, 20)
      for (const { noLoadMs, inFlight } of site.gate.snapshot().classes) {
        assert.ok(noLoadMs >= 0 && noLoadMs < 60_000, `${noLoadMs} ms`)
        assert.equal(inFlight, 0)
      }
    })
  }
})

describe('maxInFlight: 1 for handlers that take a while', () => {
  const REQUESTS = 200
  const EVERY = 10

  /** What a gate says of so many requests, of which each EVERY-th one lets those before it be answered. */
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
      while (gate.stats().admitted + gate.stats().shed === admitted + shed) await nextTurn()
      if (i % EVERY === EVERY - 1) {
        for (const res of waiting.splice(0)) res.end('ok')
        while (gate.stats().inFlight > 0) await nextTurn()
      }
      answer.catch(() => {})
    }
    const { shed, wouldShed } = gate.stats()
    return shed + wouldShed
  }

  it('is reported by a dry run as it would be enforced', async () => {
    const enforced = await refusedOf({})
    assert.equal(enforced, REQUESTS - REQUESTS / EVERY)
    const reported = await refusedOf({ dryRun: true })
    assert.ok(Math.abs(reported - enforced) <= 0.1 * enforced, `${reported} for ${enforced}`)
  })

  before(function () {
    needs(this, 'waits from the kernel', binding.kernelWaits)
  })
})
