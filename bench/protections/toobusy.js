'use strict'

const toobusyMiddleware = require('./toobusy-middleware')

/** spillway's toobusy(), in the middleware of toobusy-js's README. */
module.exports = { express: app => app.use(toobusyMiddleware(require('../../lib/index'))) }
