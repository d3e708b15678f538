'use strict'

const { once } = require('node:events')
const https = require('node:https')

const express = require('express')

const certificates = require('./certificates')

/**
 * Express over TLS, with an RSA key of 2048 bits.
 *
 * @type {typeof import('./express')}
 */
module.exports = async function startHttps (address, routes) {
  return startExpressOverTls(certificates.rsa, address, routes)
}

async function startExpressOverTls (certificate, address, routes) {
  const app = express()
  for (const [path, work] of Object.entries(routes)) {
    app.all(path, async (req, res) => {
      await work(req)
      res.send('done\n')
    })
  }
  const server = https.createServer(certificate, app)
  server.listen(address)
  await once(server, 'listening')
  return server
}

module.exports.startExpressOverTls = startExpressOverTls
module.exports.transport = 'https'
