'use strict'

const assert = require('node:assert/strict')
const { setTimeout: sleep } = require('node:timers/promises')
const { binding } = require('../../lib/native/binding.js')
const { start } = require('../support/child.js')
const { connect } = require('../support/client.js')
const { needs } = require('../support/needs.js')
const { note } = require('../simulator/note.js')
const { closeOpened, opened } = require('../support/opened.js')

const BUSY = 100
const BUSY_PAUSE_MS = 20
const LIGHT = 20
const LIGHT_PAUSE_MS = 100
const LIGHT_REQUESTS = 60
const SETTLING_MS = 2000

describe('on an overloaded server with kept-alive connections', function () {
  before(function () {
    needs(this, 'waits from the kernel', binding.kernelWaits)
  })
  afterEach(closeOpened)

  // The kernel reports connections that were active in the last turn first. If these took the free places, the light clients
  // would have a sixth to a third of the busy ones' chances.
  it('a light client has the chances of a busy one', async function () {
    const { child, hello: { port } } = await start('stepping-server.js')
    opened(() => child.kill())
    const finished = new AbortController()
    let counts = false
    const tallies = { busy: { sent: 0, served: 0 }, light: { sent: 0, served: 0 } }

    async function send (client, tally) {
      const { status } = await client.send('GET /')
      if (!counts) return
      tally.sent++
      tally.served += Number(status === 200)
    }

    async function busy (client) {
      while (!finished.signal.aborted) {
        await send(client, tallies.busy)
        await sleep(BUSY_PAUSE_MS * (1 + Math.random()))
      }
    }

    async function light (client) {
      await sleep(SETTLING_MS + LIGHT_PAUSE_MS * Math.random())
      for (let i = 0; i < LIGHT_REQUESTS; i++) {
        await send(client, tallies.light)
        await sleep(LIGHT_PAUSE_MS)
      }
    }

    // All connect before the overload, during which the spill refuses new connections.
    const clients = await Promise.all(Array.from({ length: BUSY + LIGHT }, () => connect(port)))
    for (const client of clients) await client.send('GET /')
    const load = clients.slice(0, BUSY).map(busy)
    const measured = clients.slice(BUSY).map(light)
    await sleep(SETTLING_MS)
    counts = true
    await Promise.all(measured)
    finished.abort()
    await Promise.all(load)
    const share = ({ sent, served }) => served / sent
    const { ratio } = note(this, { busy: share(tallies.busy), light: share(tallies.light), ratio: share(tallies.light) / share(tallies.busy) })
    assert.ok(ratio >= 0.5)
  })
})
