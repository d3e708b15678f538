'use strict'

const Random = require('../../test/simulator/random')
const Tally = require('./tally')
const openLoop = require('./open-loop')

const SEED = 2

/**
 * Further clients, with a constant load of their own beside the main one. All clients have names: an address, or a header.
 *
 * @typedef {object} Neighbours
 * @property {number} count
 * @property {number} rate requests per second, of each
 * @property {'address' | 'header'} by what tells the clients apart
 *
 * @param {import('./').Load} load
 * @param {(load: import('./').Load) => ReturnType<typeof import('./sender')>} createSender
 * @returns {Promise<import('./tally').Report | undefined>} of all neighbours together; undefined if the load has none
 */
async function runNeighbours ({ neighbours, ...load }, createSender) {
  if (neighbours === undefined) return undefined
  const { count, rate, by } = neighbours
  const senders = Array.from({ length: count }, (_, i) => createSender({ ...load, name: nameOf(by, 1 + i) }))
  const random = new Random(SEED)
  const tally = new Tally({ ...load, phases: undefined, recoveredP99Ms: undefined })
  const all = { ...load, phases: [{ rate: count * rate, durationMs: load.durationMs }], arrivals: 'poisson' }
  // Poisson arrivals, divided at random, are independent Poisson arrivals.
  await openLoop(all, settle => senders[Math.floor(random.uniform() * count)].send(settle), tally)
  for (const sender of senders) sender.close()
  return tally.report()
}

/**
 * @param {'address' | 'header'} by
 * @param {number} index 0 for the client of the main load
 * @returns {{ localAddress?: string, headers?: Record<string, string> }}
 */
function nameOf (by, index) {
  return by === 'address' ? { localAddress: `127.0.0.${2 + index}` } : { headers: { 'x-client': `client-${index}` } }
}

module.exports = { nameOf, runNeighbours }
