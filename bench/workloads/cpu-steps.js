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
 * A request that takes 5 ms of CPU time in five steps, each in a turn of the event loop of its own.
 *
 * Every workload has `routes`, the work of a request by path, and `fill`, the number of requests in flight that keep
 * the server busy in every turn without a long queue. `cpu` says whether the CPU alone limits the throughput. Some
 * workloads have `begin()`, which is called when the server listens, and `slower(factor)`, which makes all later work
 * take that many times longer. `flags` are for Node. `service()` deals the next request's time in ms, if one request after the
 * other blocks the loop for that time; the ideal server is then known.
 */
module.exports = { routes: { '/': cpuSteps }, fill: 4, cpu: true }
