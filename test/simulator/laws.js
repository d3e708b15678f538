'use strict'

const path = require('node:path')
const { Admission } = require('node-gyp-build')(path.join(__dirname, '..', '..'))
const { ms } = require('./units')

/** The law that ships. */
function spillway ({ maxDelayMs = 100, maxInFlight = 0, tickMs = 4, observe = false } = {}) {
  return new Admission({ maxDelayNs: ms(maxDelayMs), maxInFlight, tickNs: ms(tickMs), observe })
}

/** An unprotected server. */
function nothing () {
  return { arrive: () => 0, depart () {}, turn () {} }
}

/** The rule that comes to mind first. */
function waitedLongerThan (limitMs) {
  return { ...nothing(), arrive: (now, id, wait) => wait > ms(limitMs) ? 1 : 0 }
}

module.exports = { spillway, nothing, waitedLongerThan }
