'use strict'

const { setTimeout: sleep } = require('node:timers/promises')

const SIZE = 20
// Timers of a full pool end together. This many waiting requests fill it again at once.
const WAITING = SIZE

let serviceMs = 50
let free = SIZE
const queue = []

async function query () {
  if (free > 0) free--
  else await new Promise(resolve => queue.push(resolve))
  await sleep(serviceMs)
  if (queue.length > 0) queue.shift()()
  else free++
}

function slower (factor) {
  serviceMs *= factor
}

/** A request that needs one of 20 database connections for 50 ms, and no CPU time. */
module.exports = { routes: { '/': query }, slower, fill: SIZE + WAITING, cpu: false }
