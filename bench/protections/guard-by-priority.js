'use strict'

const { server } = require('./guard')

/** guard() with priorities, which a header names. */
module.exports = {
  server: (guarded, options) => server(guarded, { priority: { header: 'x-priority', trust: '127.0.0.0/8' }, ...options })
}
