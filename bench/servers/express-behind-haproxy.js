'use strict'

const startExpress = require('./express')

/**
 * Express behind HAProxy with `http-reuse safe`.
 *
 * @type {typeof import('./express')}
 */
module.exports = (...args) => startExpress(...args)
module.exports.framework = 'express'
module.exports.proxy = 'haproxy'
