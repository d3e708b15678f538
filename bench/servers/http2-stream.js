'use strict'

const { once } = require('node:events')
const http2 = require('node:http2')

/**
 * HTTP/2 without TLS, with the event 'stream'.
 *
 * @type {typeof import('./express')}
 */
module.exports = async function startHttp2Streams (address, routes) {
  const server = http2.createServer()
  server.on('stream', async (stream, { ':path': path }) => {
    stream.on('error', () => {})
    if (!Object.hasOwn(routes, path)) return stream.respond({ ':status': 404 }, { endStream: true })
    await routes[path](stream)
    if (stream.destroyed) return
    stream.respond({ ':status': 200 })
    stream.end('done\n')
  })
  server.listen(address)
  await once(server, 'listening')
  return server
}

module.exports.transport = 'http2'
