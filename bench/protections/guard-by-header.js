'use strict'

const { server } = require('./guard')

/** guard() with fair shares for the clients that a header names. */
module.exports = {
  server: (guarded, options) => server(guarded, { fairBy: { header: 'x-client' }, ...options })
}
