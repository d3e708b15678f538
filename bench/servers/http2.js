'use strict'

const { once } = require('node:events')
const http2 = require('node:http2')

const listenerOf = require('./node-listener')

/**
 * HTTP/2 without TLS, with the API that is compatible with HTTP/1.
 *
 * @type {typeof import('./express')}
 */
module.exports = async function startHttp2 (address, routes) {
  const server = http2.createServer(listenerOf(routes))
  server.listen(address)
  await once(server, 'listening')
  return server
}

module.exports.transport = 'http2'
