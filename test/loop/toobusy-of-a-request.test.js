'use strict'

const assert = require('node:assert/strict')
const toobusy = require('spillway')
const { closeOpened } = require('../support/opened.js')
const { connect } = require('../support/client.js')
const { late } = require('../support/late.js')
const { kinds } = require('../support/servers.js')

describe('toobusy(request)', () => {
  afterEach(() => {
    toobusy.maxLag(70)
    return closeOpened()
  })

  for (const kind of kinds) {
    it(`decides by the wait of that request, in ${kind.name}`, async () => {
      toobusy.maxLag(50)
      const verdicts = []
      // A gate that admits everything, and passes on the framework's own request.
      const site = await kind.start({ maxDelay: false, exempt: (request) => verdicts.push(toobusy(request)) > 0 })
      const client = await connect(site.port)
      await client.send('GET /')
      await late(() => client.send('GET /'))
      await client.send('GET /')
      assert.deepEqual(verdicts, [false, true, false])
    })
  }

  for (const value of [null, 'GET /', 70, {}, () => {}]) {
    it(`throws a TypeError for ${value === null ? 'null' : `a value of type ${typeof value}`}`, () => {
      assert.throws(() => toobusy(value), { name: 'TypeError', message: /takes a request .* or no argument; got / })
    })
  }
})
