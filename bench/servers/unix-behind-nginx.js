'use strict'

const { once } = require('node:events')
const http = require('node:http')
const os = require('node:os')
const path = require('node:path')

/**
 * Node's own server on a Unix socket, behind nginx with `keepalive`.
 *
 * @type {typeof import('./express')}
 */
module.exports = async function startUnix (address, routes) {
  const server = http.createServer(async (req, res) => {
    if (!Object.hasOwn(routes, req.url)) return res.writeHead(404).end()
    await routes[req.url](req)
    res.end('done\n')
  })
  // The proxy removes the file.
  server.listen(path.join(os.tmpdir(), `spillway-bench-${process.pid}.sock`))
  await once(server, 'listening')
  return server
}

module.exports.proxy = 'nginx'
