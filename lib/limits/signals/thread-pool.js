'use strict'

const { binding } = require('../../native/binding.js')

/** How long work waits for a thread of libuv's pool, measured by one probe at a time. */
module.exports = function threadPool () {
  const probe = binding.createPoolProbe()
  return { read: () => ({ threadPoolDelay: probe?.() ?? null }) }
}
