'use strict'

const { server } = require('./guard')

/** guard() with fair shares for addresses, and priorities of paths. */
module.exports = {
  server: (guarded, options) => server(guarded, {
    fairBy: 'address',
    priority: { critical: '/checkout*', background: ['/recommendations*', '/export/*'] },
    ...options
  })
}
