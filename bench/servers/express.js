'use strict'

const { once } = require('node:events')

const express = require('express')

/**
 * @param {{ host: string, port: number }} address
 * @param {() => Promise<void>} work what a request costs
 * @param {{ express: (app: import('express').Express) => void }} [protection]
 * @returns {Promise<import('node:http').Server>} listening
 */
module.exports = async function startExpress (address, work, protection) {
  const app = express()
  protection?.express(app)
  app.get('/', async (req, res) => {
    await work()
    res.send('done\n')
  })
  const server = app.listen(address)
  await once(server, 'listening')
  return server
}
