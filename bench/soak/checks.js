'use strict'

const { GOODPUT_SHARE, RSS_SHARE } = require('./settings')

/**
 * Checks the figures of a soak. The first slice is the warm-up.
 *
 * @param {import('./index').Slice[]} slices
 * @param {import('./server').Figures} before at rest, before the load
 * @param {import('./server').Figures} after at rest, after the load
 * @returns {{ text: string, passed: boolean }[]}
 * @throws {Error} if fewer than two slices are reliable
 */
function check ([, ...slices], before, after) {
  const reliable = slices.filter(({ invalid }) => invalid === null)
  if (reliable.length < 2) throw new Error('fewer than two slices are reliable: other processes disturbed the measurement')
  const [first, last] = [reliable[0], reliable.at(-1)]
  const growth = last.rss / first.rss - 1
  const loss = 1 - last.goodput / first.goodput
  return [
    { text: `RSS grew by ${percent(growth)} (limit: ${percent(RSS_SHARE)})`, passed: growth <= RSS_SHARE },
    { text: `goodput fell by ${percent(loss)} (limit: ${percent(GOODPUT_SHARE)})`, passed: loss <= GOODPUT_SHARE },
    {
      text: `${after.descriptors} open descriptors at rest (before the load: ${before.descriptors})`,
      passed: after.descriptors <= before.descriptors
    },
    {
      text: `${after.inFlight} requests in flight at rest (by the admission controller's count: ${after.controller})`,
      passed: after.inFlight === 0 && after.controller === 0
    }
  ]
}

function percent (share) {
  return `${(share * 100).toFixed(1)} %`
}

module.exports = check
