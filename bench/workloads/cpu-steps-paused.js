'use strict'

const burn = require('./burn')
const cpuSteps = require('./cpu-steps')

const PAUSE_MS = 100
const PERIOD_MS = 1000

function begin () {
  setInterval(burn, PERIOD_MS, PAUSE_MS)
}

/** Like cpu-steps, but once per second the loop is blocked for 100 ms, as by a garbage collection. */
module.exports = { ...cpuSteps, begin }
