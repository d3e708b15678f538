'use strict'

const startExpress = require('./express')

/**
 * Express behind nginx with `keepalive`.
 *
 * @type {typeof import('./express')}
 */
module.exports = (...args) => startExpress(...args)
module.exports.framework = 'express'
module.exports.proxy = 'nginx'
