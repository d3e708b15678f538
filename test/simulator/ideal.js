'use strict'

const Random = require('./random')

/**
 * The yardstick for unequal requests: one server that takes the requests in the order of their arrival, refuses those that
 * have waited longer than `patienceMs` when their turn comes, and spends no time on a refusal. (The queue M/G/1 with
 * patience, or G/G/1 for other arrivals than Poisson's.)
 *
 * @param {object} options
 * @param {import('./distributions').Distribution} options.service
 * @param {number} options.times the offered load, as a multiple of the capacity
 * @param {number} [options.patienceMs]
 * @param {number} [options.batch] requests that arrive together
 * @param {number} [options.requests] how many to simulate
 * @returns {number} the share of the requests that it serves, 0 to 1
 */
function idealShare ({ service, times, patienceMs = 100, batch = 1, requests = 300_000, seed = 1 }) {
  const random = new Random(seed)
  const gap = batch * meanOf(service) / times
  let backlog = 0
  let served = 0
  for (let i = 0; i < requests; i++) {
    if (i % batch === 0) backlog = Math.max(0, backlog - random.exponential(gap))
    if (backlog > patienceMs) continue
    served++
    backlog += service(random)
  }
  return served / requests
}

/**
 * The same for a pool of `slots`, which work side by side.
 *
 * @param {object} options
 * @param {import('./distributions').Distribution} options.service
 * @param {number} options.times
 * @param {number} options.slots
 * @param {number} [options.patienceMs]
 * @param {number} [options.requests]
 * @returns {number}
 */
function idealPoolShare ({ service, times, slots, patienceMs = 100, requests = 100_000, seed = 1 }) {
  const random = new Random(seed)
  const gap = meanOf(service) / slots / times
  const freeAt = new Array(slots).fill(0)
  let now = 0
  let served = 0
  for (let i = 0; i < requests; i++) {
    now += random.exponential(gap)
    const first = freeAt.indexOf(Math.min(...freeAt))
    const begins = Math.max(now, freeAt[first])
    if (begins - now > patienceMs) continue
    served++
    freeAt[first] = begins + service(random)
  }
  return served / requests
}

/** @param {import('./distributions').Distribution} service */
function meanOf (service, samples = 200_000) {
  const random = new Random(99)
  let sum = 0
  for (let i = 0; i < samples; i++) sum += service(random)
  return sum / samples
}

module.exports = { idealShare, idealPoolShare, meanOf }
