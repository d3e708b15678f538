'use strict'

/** The classic workload: 5 ms of CPU in five steps, one turn of the loop apart. */
const fiveSteps = [1, 1, 1, 1, 1].map((cpu) => ({ cpu }))

/** One step that blocks the loop for 50 ms. */
const block = [{ cpu: 50 }]

/** A fast answer from memory. */
const fast = [{ cpu: 1 }]

/** A long poll, or a slow service elsewhere: 2 s with hardly any CPU. */
const slow = beside(2000)

/** A query of `io` ms on a pool. */
function query (pool, io = 50) {
  return [{ cpu: 0.2 }, { io, pool }, { cpu: 0.2 }]
}

/** Work of `io` ms outside the process. */
function beside (io) {
  return [{ cpu: 0.1 }, { io }, { cpu: 0.1 }]
}

module.exports = { fiveSteps, block, fast, slow, query, beside }
