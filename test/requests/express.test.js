'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const express = require('express')
const spillway = require('../../lib/adapters/express.js')
const { connect } = require('../support/client.js')
const { listen } = require('../support/listen.js')
const { closeOpened, opened } = require('../support/opened.js')

afterEach(closeOpened)

describe('a tracked request behind Express', () => {
  it('adds no property to the request', async () => {
    const app = express()
    const gate = spillway()
    opened(() => gate.close())
    const symbols = []
    app.use(gate)
    app.use((req, res) => {
      symbols.push(...Object.getOwnPropertySymbols(req).filter(({ description }) => description.startsWith('spillway')))
      res.send('ok')
    })
    const server = http.createServer(app)
    const port = await listen(server)
    const client = await connect(port)
    await client.send('GET /')
    await client.send('GET /')
    assert.deepEqual(symbols, [])
  })
})
