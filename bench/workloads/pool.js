'use strict'

const { setTimeout: sleep } = require('node:timers/promises')

const SIZE = 20
// As the timers of a full pool end together: enough to fill it again at once.
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

/** A request that needs one of 20 connections to a database for 50 ms, and no CPU. */
module.exports = { routes: { '/': query }, slower, fill: SIZE + WAITING, cpu: false }
