'use strict'

const { setImmediate: nextTurn } = require('node:timers/promises')

const burn = require('./burn')

const STEPS = 5
const STEP_MS = 1

/** A request that costs 5 ms of CPU in five steps, one turn of the loop apart. */
module.exports = async function cpuSteps () {
  burn(STEP_MS)
  for (let step = 1; step < STEPS; step++) {
    await nextTurn()
    burn(STEP_MS)
  }
}
