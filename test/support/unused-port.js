'use strict'

const net = require('node:net')
const { once } = require('node:events')

/** @returns {Promise<number>} a port of 127.0.0.1 on which nothing listens, for a program that cannot choose one itself */
async function unusedPort () {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  server.close()
  await once(server, 'close')
  return port
}

module.exports = { unusedPort }
