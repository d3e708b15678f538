'use strict'

const fs = require('node:fs')
const path = require('node:path')

const FOLDER = path.join(__dirname, '..', '..', 'test', 'support')

/** Self-signed certificates for localhost, with their keys. */
module.exports = {
  ecdsa: pair('key.pem', 'cert.pem'),
  rsa: pair('rsa-key.pem', 'rsa-cert.pem')
}

function pair (key, cert) {
  return { key: fs.readFileSync(path.join(FOLDER, key)), cert: fs.readFileSync(path.join(FOLDER, cert)) }
}
