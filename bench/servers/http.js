'use strict'

const { once } = require('node:events')
const http = require('node:http')

/** @type {typeof import('./express')} */
module.exports = async function startHttp (address, routes) {
  const server = http.createServer(async (req, res) => {
    if (!Object.hasOwn(routes, req.url)) return res.writeHead(404).end()
    await routes[req.url](req)
    res.end('done\n')
  })
  server.listen(address)
  await once(server, 'listening')
  return server
}
