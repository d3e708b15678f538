'use strict'

const { once } = require('node:events')
const http = require('node:http')

const { listen } = require('../../lib/cluster')
const listenerOf = require('./node-listener')

/**
 * Node's own server on a port that it could share with other processes.
 *
 * @type {typeof import('./express')}
 */
module.exports = async function startSharedPort (address, routes) {
  const server = http.createServer(listenerOf(routes))
  listen(server, address)
  await once(server, 'listening')
  return server
}
