'use strict'

const { binding } = require('../../lib/native/binding')
const { ms } = require('./units')

/** The real admission controller. */
function spillway ({ maxDelayMs = 100, maxInFlight = 0, tickMs = 4, dryRun = false, fair = false, priorities = false, deadlines = false } = {}) {
  const controller = binding.createController(ms(maxDelayMs), maxInFlight, ms(tickMs), Number(dryRun), 0, Number(fair))
  if (priorities) controller.usePriorities()
  if (deadlines) controller.useDeadlines()
  return controller
}

/** An unprotected server. */
function nothing () {
  return { arrive: () => 0, depart () {}, turn () {} }
}

/** The simplest rule. */
function waitedLongerThan (limitMs) {
  return { ...nothing(), arrive: (now, id, wait) => wait > ms(limitMs) ? 1 : 0 }
}

module.exports = { spillway, nothing, waitedLongerThan }
