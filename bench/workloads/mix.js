'use strict'

const burn = require('./burn')
const cpuSteps = require('./cpu-steps')
const pool = require('./pool')

const QUICK_MS = 1

/** Three routes with an equal share of the requests: cpu-steps, pool, and 1 ms of CPU time. The CPU is the bottleneck. */
module.exports = {
  routes: {
    '/cpu': cpuSteps.routes['/'],
    '/pool': pool.routes['/'],
    '/quick': async () => burn(QUICK_MS)
  },
  fill: 24,
  cpu: true
}
