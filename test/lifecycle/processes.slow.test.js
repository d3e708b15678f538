'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { setTimeout: sleep } = require('node:timers/promises')
const { ask, start } = require('../support/child.js')
const { connect } = require('../support/client.js')
const { needs } = require('../support/needs.js')
const { closeOpened, opened } = require('../support/opened.js')
const { backend } = require('../../lib/native/binding.js')

const STOPPED_MS = 3000
// A tenth of a core, which is far from overload on any machine.
const CLIENTS = 4
const BETWEEN_MS = 30
const AFTER = 50 // requests of each client

afterEach(closeOpened)

describe('in a family of processes,', function () {
  this.timeout(60_000)

  for (const [how, name] of [['fork', 'forked processes'], ['rr', 'cluster workers with round-robin scheduling'], ['none', 'cluster workers scheduled by the system']]) {
    it(`${name} measure separately, and end without affecting the others`, async () => {
      const { child, hello: { ends } } = await start('family.js', [how])
      assert.deepEqual(ends, [[null, 'SIGKILL'], [0, null], [0, null]])
      assert.deepEqual(await once(child, 'exit'), [0, null])
    })
  }
})

if (backend === 'native') {
  describe(`a guarded server that was stopped for ${STOPPED_MS} ms`, function () {
    this.timeout(60_000)

    beforeEach(function () {
      needs(this, 'SIGSTOP', process.platform !== 'win32')
    })

    /** Sends one request after another until enough were sent after the stop. */
    async function keepAsking (port, stop) {
      const client = await connect(port)
      const statuses = []
      for (let after = 0; after < AFTER; after += Number(stop.over)) {
        statuses.push((await client.send('GET /')).status)
        await sleep(BETWEEN_MS)
      }
      return statuses
    }

    for (const fresh of [0, 4]) {
      it(`sheds nothing afterwards, under moderate load${fresh > 0 ? ' and with connections that wait to be accepted' : ''}`, async () => {
        const { child, hello: { port } } = await start('loaded-server.js')
        opened(() => child.kill())
        const stop = { over: false }
        const asking = Array.from({ length: CLIENTS }, () => keepAsking(port, stop))
        await sleep(BETWEEN_MS * 10) // under load for a while
        child.kill('SIGSTOP')
        const waiting = Array.from({ length: fresh }, async () => (await (await connect(port)).send('GET /')).status)
        await sleep(STOPPED_MS) // the test is about a stop of this length
        child.kill('SIGCONT')
        stop.over = true
        const statuses = [...(await Promise.all(asking)).flat(), ...await Promise.all(waiting)]
        const { shed, shedBy, spill } = await ask(child)
        assert.deepEqual({ shed, spilled: spill.spilled }, { shed: 0, spilled: 0 }, JSON.stringify(shedBy))
        assert.ok(statuses.length > CLIENTS * AFTER && statuses.every((status) => status === 200))
      })
    }
  })
}
