'use strict'

const { once } = require('node:events')
const http = require('node:http')

/**
 * Node's own server on a Unix socket.
 *
 * @type {typeof import('./express')}
 */
module.exports = async function startUnix (address, routes) {
  const server = http.createServer(async (req, res) => {
    if (!Object.hasOwn(routes, req.url)) return res.writeHead(404).end()
    await routes[req.url](req)
    res.end('done\n')
  })
  // The name begins with a zero byte: no file remains if the process is killed.
  server.listen(`\0spillway-bench-${process.pid}`)
  await once(server, 'listening')
  return server
}

module.exports.transport = 'unix'
