'use strict'

const MAX_DELAY_MS = 100

/** spillway's guard(), which works with every framework. */
module.exports = {
  server: (server, options) => require('../../lib/adapters/http').guard(server, { maxDelay: MAX_DELAY_MS, ...options })
}
