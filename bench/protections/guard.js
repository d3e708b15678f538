'use strict'

const MAX_DELAY_MS = 100

/** This package's guard, before whatever framework the server has. */
module.exports = {
  server: (server, options) => require('../../lib/adapters/http').guard(server, { maxDelay: MAX_DELAY_MS, ...options })
}
