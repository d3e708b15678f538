'use strict'

const MAX_DELAY_MS = 100

/** This package, in the way its README gives for each framework. */
module.exports = {
  express: app => app.use(require('../../lib/express')({ maxDelay: MAX_DELAY_MS }))
}
