'use strict'

const { once } = require('node:events')

const express = require('express')

/**
 * Starts a server. The other files of this folder export the same function for other frameworks.
 *
 * @param {{ host: string, port: number }} address
 * @param {Record<string, (req: import('node:http').IncomingMessage) => Promise<void>>} routes the work
 *   of a request, by path
 * @param {(app: import('express').Express, options?: object) => unknown} [protect] adds the protection to the application
 * @param {object} [options] for `protect`
 * @returns {Promise<import('node:http').Server>} listening
 */
module.exports = async function startExpress (address, routes, protect, options) {
  const app = express()
  protect?.(app, options)
  for (const [path, work] of Object.entries(routes)) {
    app.all(path, async (req, res) => {
      await work(req)
      res.send('done\n')
    })
  }
  const server = app.listen(address)
  await once(server, 'listening')
  return server
}
