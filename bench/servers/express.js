'use strict'

const { once } = require('node:events')

const express = require('express')

/**
 * Every server of this folder is started so.
 *
 * @param {{ host: string, port: number }} address
 * @param {Record<string, (req: import('node:http').IncomingMessage) => Promise<void>>} routes what a request costs, by
 *   path
 * @param {(app: import('express').Express, options?: object) => unknown} [protect] in the framework's own way
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
