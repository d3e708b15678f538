'use strict'

const { once } = require('node:events')
const { opened } = require('./opened.js')

/**
 * Starts a server, and closes it and its connections after the test.
 *
 * @param {any} server
 * @param {any} [to] the argument of server.listen(); default: a free port of 127.0.0.1
 * @returns {Promise<number>} its port
 */
async function listen (server, to = { port: 0, host: '127.0.0.1' }) {
  server.listen(to)
  await once(server, 'listening')
  opened(() => {
    server.closeAllConnections?.()
    server.close()
  })
  return server.address().port
}

/** Counts a server's open connections. @returns {Promise<number>} */
function connectionsOf (server) {
  return new Promise((resolve, reject) => server.getConnections((error, count) => error ? reject(error) : resolve(count)))
}

module.exports = { listen, connectionsOf }
