'use strict'

const { once } = require('node:events')
const http = require('node:http')

const { listen } = require('../../lib/cluster')

/**
 * Node's own server on a port that it could share with other processes.
 *
 * @type {typeof import('./express')}
 */
module.exports = async function startSharedPort (address, routes) {
  const server = http.createServer(async (req, res) => {
    if (!Object.hasOwn(routes, req.url)) return res.writeHead(404).end()
    await routes[req.url](req)
    res.end('done\n')
  })
  listen(server, address)
  await once(server, 'listening')
  return server
}
