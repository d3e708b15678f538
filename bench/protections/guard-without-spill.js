'use strict'

const { server } = require('./guard')

/** guard() without the spill: JavaScript sends every 503. */
module.exports = {
  server: (guarded, options) => server(guarded, { spill: false, ...options })
}
