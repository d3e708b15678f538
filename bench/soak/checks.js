'use strict'

const { GOODPUT_SHARE, RSS_SHARE } = require('./settings')

/**
 * What must hold after a soak. The first slice is the warm-up.
 *
 * @param {import('./index').Slice[]} slices
 * @param {import('./server').Figures} before at rest
 * @param {import('./server').Figures} after at rest
 * @returns {{ text: string, holds: boolean }[]}
 * @throws {Error} where others took the machine, so that what was measured says nothing
 */
function judge ([, ...slices], before, after) {
  const trusted = slices.filter(({ invalid }) => invalid === null)
  if (trusted.length < 2) throw new Error('soak: no two slices can be trusted; the machine was busy with others')
  const [first, last] = [trusted[0], trusted.at(-1)]
  const growth = last.rss / first.rss - 1
  const loss = 1 - last.goodput / first.goodput
  return [
    { text: `RSS grew by ${percent(growth)}, at most ${percent(RSS_SHARE)}`, holds: growth <= RSS_SHARE },
    { text: `goodput fell by ${percent(loss)}, at most ${percent(GOODPUT_SHARE)}`, holds: loss <= GOODPUT_SHARE },
    { text: `${after.descriptors} descriptors at rest, ${before.descriptors} before`, holds: after.descriptors <= before.descriptors },
    { text: `${after.inFlight} in flight at rest, ${after.controller} by the admission controller's count`, holds: after.inFlight === 0 && after.controller === 0 }
  ]
}

function percent (share) {
  return `${(share * 100).toFixed(1)} %`
}

module.exports = { judge }
