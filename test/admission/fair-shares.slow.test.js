'use strict'

const assert = require('node:assert/strict')
const { setTimeout: sleep } = require('node:timers/promises')
const { binding } = require('../../lib/native/binding.js')
const { ask, start } = require('../support/child.js')
const { connect } = require('../support/client.js')
const { needs } = require('../support/needs.js')
const { note } = require('../simulator/note.js')
const { closeOpened, opened } = require('../support/opened.js')

const HEAVY = 100
const HEAVY_PAUSE_MS = 20
const LIGHT = 10
const LIGHT_PAUSE_MS = 250
const LIGHT_REQUESTS = 30
// Each waits for about half a second if none is refused.
const FEW_REQUESTS = 10
const SETTLING_MS = 3000

/** Overloads a server by many connections of one client, beside few of another one. */
async function overload (port, requests = LIGHT_REQUESTS) {
  const finished = new AbortController()
  const light = { sent: 0, served: 0 }
  const as = (client) => ({ headers: { 'X-Client': client } })

  async function heavy (connection) {
    while (!finished.signal.aborted) {
      await connection.send('GET /', as('heavy'))
      await sleep(HEAVY_PAUSE_MS * (1 + Math.random()))
    }
  }

  async function lightly (connection) {
    await sleep(SETTLING_MS + LIGHT_PAUSE_MS * Math.random())
    for (let i = 0; i < requests; i++) {
      const { status } = await connection.send('GET /', as('light'))
      light.sent++
      light.served += Number(status === 200)
      await sleep(LIGHT_PAUSE_MS)
    }
  }

  // All connect before the overload, during which the spill refuses new connections.
  const connections = await Promise.all(Array.from({ length: HEAVY + LIGHT }, () => connect(port)))
  for (const connection of connections) await connection.send('GET /', as('before'))
  const load = connections.slice(0, HEAVY).map(heavy)
  await Promise.all(connections.slice(HEAVY).map(lightly))
  finished.abort()
  await Promise.all(load)
  return light
}

describe('on an overloaded server with fair shares', function () {
  before(function () {
    needs(this, 'waits from the kernel', binding.kernelWaits)
  })
  afterEach(closeOpened)

  it('a light client hardly notices a heavy one, which is refused for its share', async function () {
    const { child, hello: { port } } = await start('stepping-server.js', [JSON.stringify({ fairBy: { header: 'x-client' } })])
    opened(() => child.kill())
    const light = await overload(port)
    const { refusals, shedBy, clients } = await ask(child)
    const { served } = note(this, { served: light.served / light.sent, ...refusals })
    assert.ok(served >= 0.9)
    assert.ok(shedBy.fairShare > 100)
    const ofHeavy = refusals['fairShare heavy']
    assert.ok(ofHeavy >= 0.95 * shedBy.fairShare)
    assert.equal(clients[0].client, 'heavy')
    assert.ok(clients[0].refused > 0.3)
  })

  // Clients that wait for every answer ask for no more than the capacity, so hardly anything is beyond a share.
  it('a dry run shows the clients, and refuses nothing', async function () {
    const { child, hello: { port } } = await start('stepping-server.js', [JSON.stringify({ fairBy: { header: 'x-client' }, dryRun: true })])
    opened(() => child.kill())
    const light = await overload(port, FEW_REQUESTS)
    const { shedBy, wouldShed, clients } = await ask(child)
    assert.equal(note(this, { served: light.served / light.sent, ...shedBy }).served, 1)
    assert.ok(wouldShed > 0)
    assert.equal(clients[0].client, 'heavy')
    assert.ok(clients[0].refused > 0)
  })
})
