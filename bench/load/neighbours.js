'use strict'

const Random = require('../../test/simulator/random')
const Tally = require('./tally')
const openLoop = require('./open-loop')

const SEED = 2
/** The priorities of the main load, in turn: five eighths are normal. */
const MAIN = ['normal', 'background', 'normal', 'normal', 'background', 'normal', 'background', 'normal']

/**
 * Further clients, with a constant load of their own beside the main one. All clients have names: an address, or a header. By
 * priority, the neighbours send critical requests, and the main client normal and background ones.
 *
 * @typedef {object} Neighbours
 * @property {number} count
 * @property {number} rate requests per second, of each
 * @property {'address' | 'header' | 'priority'} by what tells the clients apart
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
 * @typedef {{ localAddress?: string, headers?: Record<string, string> }} Name
 *
 * @param {'address' | 'header' | 'priority'} by
 * @param {number} index 0 for the client of the main load
 * @returns {Name | Name[]} several are used in turn
 */
function nameOf (by, index) {
  if (by === 'priority') return index === 0 ? MAIN.map(priority => prioritized(priority)) : prioritized('critical')
  return by === 'address' ? { localAddress: `127.0.0.${2 + index}` } : { headers: { 'x-client': `client-${index}` } }
}

/** @param {string} priority */
function prioritized (priority) {
  return { headers: { 'x-priority': priority } }
}

module.exports = { nameOf, runNeighbours }
