'use strict'

const fs = require('node:fs')
const https = require('node:https')
const path = require('node:path')

/** A self-signed certificate and its key for localhost, valid until 2126. */
const pair = {
  key: fs.readFileSync(path.join(__dirname, 'key.pem')),
  cert: fs.readFileSync(path.join(__dirname, 'cert.pem'))
}

module.exports = { pair, createTlsServer: (listener) => https.createServer(pair, listener) }
