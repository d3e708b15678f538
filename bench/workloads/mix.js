'use strict'

const burn = require('./burn')
const cpuSteps = require('./cpu-steps')
const pool = require('./pool')

const QUICK_MS = 1

/** Three routes asked for equally: the CPU in five turns, the database, and 1 ms of CPU. The CPU is their bottleneck. */
module.exports = {
  routes: {
    '/cpu': cpuSteps.routes['/'],
    '/pool': pool.routes['/'],
    '/quick': async () => burn(QUICK_MS)
  },
  fill: 24,
  cpu: true
}
