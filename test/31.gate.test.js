'use strict'

const assert = require('node:assert/strict')
const { kinds } = require('./support/servers.js')
const { connect } = require('./support/client.js')
const { LIMIT_MS, late } = require('./support/late.js')
const { closeOpened } = require('./support/opened.js')

afterEach(closeOpened)

for (const kind of kinds) {
  describe(`gate in ${kind.name}`, () => {
    it('refuses what waited too long with a whole 503, and keeps the connection', async () => {
      const site = await kind.start({ maxDelay: LIMIT_MS })
      const client = await connect(site.port)
      const refused = await late(() => client.send('GET /'))
      assert.equal(refused.status, 503)
      const admitted = await client.send('GET /')
      assert.equal(admitted.status, 200)
      assert.equal(admitted.body, 'ok')
      console.log(refused, site.gate.stats())
    })
  })
}
