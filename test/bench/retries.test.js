'use strict'

const assert = require('node:assert/strict')

const withRetries = require('../../bench/load/retries')
const { secondBySecond, spikeLoad } = require('../../bench/demonstration/spike')

const RETRIES = { attempts: 4, pauseMs: [1, 3] }

describe('clients that try again', () => {
  function send (...outcomes) {
    let sent = 0
    const one = settle => setImmediate(settle, outcomes[sent++])
    return new Promise(resolve => withRetries(one, RETRIES)(outcome => setTimeout(() => resolve({ outcome, sent }), 10)))
  }

  for (const [what, outcomes, expected] of [
    ['stop at the first 200', ['timeout', '503', '200', '200'], { outcome: '200', sent: 3 }],
    ['do not try again after a 200', ['200', '503'], { outcome: '200', sent: 1 }],
    ['report the last failure', ['503', '503', 'reset', 'timeout', '200'], { outcome: 'timeout', sent: 4 }]
  ]) {
    it(what, async () => assert.deepEqual(await send(...outcomes), expected))
  }

  it('are not made without the option', () => {
    const once = () => {}
    assert.equal(withRetries(once), once)
  })
})

describe('the spike of the demonstration', () => {
  it('has load below capacity before and after it', () => {
    const { phases } = spikeLoad(100, { spikeMs: 5000 })
    assert.deepEqual(phases.map(({ rate }) => Math.round(rate)), [70, 300, 70])
    assert.deepEqual(phases.map(({ durationMs }) => durationMs), [3000, 5000, 15_000])
  })

  it('is reported by the second of the first attempt, and second 0 is its first', () => {
    const bin = (useful, failed, refused) => ({ ok: useful + 1, useful, failed, refused })
    const bins = [
      ...Array(30).fill(bin(9, 0, 0)),
      ...Array(10).fill(bin(0, 6, 3)),
      ...Array(5).fill(bin(4, 3, 2))
    ]
    assert.deepEqual(secondBySecond({ bins, binMs: 100 }, { spikeMs: 5000 }), [
      { second: -3, share: 0.9 }, { second: -2, share: 0.9 }, { second: -1, share: 0.9 },
      { second: 0, share: 0 },
      { second: 1, share: 0.4 }
    ])
  })
})
