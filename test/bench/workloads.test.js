'use strict'

const assert = require('node:assert/strict')

const createDeck = require('../../bench/workloads/deck')
const { idealShare, meanOf } = require('../simulator/ideal')

describe('the unequal workloads of the bench', () => {
  it('deal each service time once before any comes again, in another order', () => {
    const values = Array.from({ length: 50 }, (_, i) => i)
    const deal = createDeck(values)
    const [first, second] = [values.map(deal), values.map(deal)]
    for (const dealt of [first, second]) assert.deepEqual(dealt.toSorted((a, b) => a - b), values)
    assert.notDeepEqual(first, second)
    assert.notDeepEqual(first, values)
  })

  for (const [name, meanMs, shares] of [
    ['unequal', 4.95, { 0.7: 0.896, 0.9: 0.833, 1.5: 0.625, 6: 0.17 }],
    ['lognormal', 5, { 0.7: 0.988, 0.9: 0.962, 1.5: 0.669, 6: 0.166 }]
  ]) {
    it(`have the mean, and the ideal server, of their distribution: ${name}`, () => {
      const { service } = require(`../../bench/workloads/${name}`)
      assert.ok(Math.abs(meanOf(service) - meanMs) < 0.001)
      for (const [times, share] of Object.entries(shares)) {
        const ideal = idealShare({ service, times: Number(times) })
        assert.ok(Math.abs(ideal - share) < 0.01, `at ${times}x: ${ideal}`)
      }
    })
  }
})
