'use strict'

const { Admission } = require('../../build/Release/spillway.node')
const { ms } = require('./units')

const nothing = { arrive: () => 0, depart () {}, turn () {} }

/** The rule that comes to mind first: refuse what waited longer than the limit. */
function waitedLongerThan (limitNs) {
  return { arrive: (now, id, wait) => wait > limitNs ? 1 : 0, depart () {}, turn () {} }
}

/** The law that ships. */
function spillway ({ maxDelayMs = 100, maxInFlight = 0, tickMs = 4, observe = false } = {}) {
  return new Admission({ maxDelayNs: ms(maxDelayMs), maxInFlight, tickNs: ms(tickMs), observe })
}

module.exports = { nothing, waitedLongerThan, spillway }
