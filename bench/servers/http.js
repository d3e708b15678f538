'use strict'

const { once } = require('node:events')
const http = require('node:http')

const listenerOf = require('./node-listener')

/** @type {typeof import('./express')} */
module.exports = async function startHttp (address, routes) {
  const server = http.createServer(listenerOf(routes))
  server.listen(address)
  await once(server, 'listening')
  return server
}
