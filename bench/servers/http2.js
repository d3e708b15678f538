'use strict'

const { once } = require('node:events')
const http2 = require('node:http2')

/**
 * HTTP/2 without TLS, with the API that is compatible with HTTP/1.
 *
 * @type {typeof import('./express')}
 */
module.exports = async function startHttp2 (address, routes) {
  const server = http2.createServer(async (req, res) => {
    if (!Object.hasOwn(routes, req.url)) return res.writeHead(404).end()
    await routes[req.url](req)
    res.end('done\n')
  })
  server.listen(address)
  await once(server, 'listening')
  return server
}

module.exports.transport = 'http2'
