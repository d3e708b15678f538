'use strict'

const { server } = require('./guard')

/** guard() with deadlines, which a header names. */
module.exports = {
  server: (guarded, options) => server(guarded, { deadline: { header: 'x-request-timeout-ms' }, ...options })
}
