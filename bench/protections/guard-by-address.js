'use strict'

const { server } = require('./guard')

/** guard() with fair shares for addresses. */
module.exports = {
  server: (guarded, options) => server(guarded, { fairBy: 'address', ...options })
}
