'use strict'

const { setImmediate: nextTurn } = require('node:timers/promises')

const burn = require('./burn')

const STEPS = 5
const STEP_MS = 1

async function cpuSteps () {
  burn(STEP_MS)
  for (let step = 1; step < STEPS; step++) {
    await nextTurn()
    burn(STEP_MS)
  }
}

/**
 * A request that costs 5 ms of CPU in five steps, one turn of the loop apart.
 *
 * Every workload has `routes`, what a request costs by path, and `fill`, how many requests in flight keep the server
 * busy in every turn with a queue too short to matter; some have `begin()`, called once the server listens, and
 * `slower(factor)`, which makes the work take that many times longer from then on. `cpu` tells that nothing but the CPU
 * bounds what the server can do.
 */
module.exports = { routes: { '/': cpuSteps }, fill: 4, cpu: true }
