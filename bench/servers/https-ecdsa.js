'use strict'

const certificates = require('./certificates')
const { startExpressOverTls } = require('./https')

/**
 * Express over TLS, with a key on the curve P-256.
 *
 * @type {typeof import('./express')}
 */
module.exports = async function startHttpsEcdsa (address, routes) {
  return startExpressOverTls(certificates.ecdsa, address, routes)
}

module.exports.transport = 'https'
