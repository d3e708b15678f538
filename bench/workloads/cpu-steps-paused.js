'use strict'

const burn = require('./burn')
const cpuSteps = require('./cpu-steps')

const PAUSE_MS = 100
const PERIOD_MS = 1000

function begin () {
  setInterval(burn, PERIOD_MS, PAUSE_MS)
}

/** As cpu-steps, with a pause of the loop each second, as of a collection of garbage. */
module.exports = { ...cpuSteps, begin }
