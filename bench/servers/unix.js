'use strict'

const { once } = require('node:events')
const http = require('node:http')

const listenerOf = require('./node-listener')

/**
 * Node's own server on a Unix socket: `address` has a `path`.
 *
 * @type {typeof import('./express')}
 */
module.exports = async function startUnix (address, routes) {
  const server = http.createServer(listenerOf(routes))
  server.listen(address)
  await once(server, 'listening')
  return server
}

module.exports.transport = 'unix'
