'use strict'

const { server } = require('./guard')

/** The guard without the spill: every refusal in JavaScript. */
module.exports = {
  server: (guarded, options) => server(guarded, { spill: false, ...options })
}
