'use strict'

const toobusyMiddleware = require('./toobusy-middleware')

/** toobusy-js, used as its README says. */
module.exports = { express: app => app.use(toobusyMiddleware(require('toobusy-js'))) }
