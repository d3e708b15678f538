'use strict'

const assert = require('node:assert/strict')
const { simulate, loopCapacity } = require('../simulator')
const { nothing, spillway } = require('../simulator/controllers')
const { note } = require('../simulator/note')
const { ms } = require('../simulator/units')
const { fiveSteps } = require('../simulator/workloads')

const BELOW = 0.7
const SPIKE = 3
const SPIKE_MS = 5000
const BEGINS_MS = 4000
const ENDS_MS = BEGINS_MS + SPIKE_MS
const AFTER_MS = 20000
const IN_TIME_MS = 1000
const TIMEOUT_MS = 2000
const RETRIES = { attempts: 4, pauseMs: [100, 200] }

/** Answered within a second of the first attempt: the share of the requests that were first sent in this time. */
function answeredInTime (records, fromMs, untilMs) {
  const first = records.filter((record) => record.sent === record.first && record.sent >= ms(fromMs) && record.sent < ms(untilMs))
  const inTime = records.filter(({ first, status, end }) =>
    first >= ms(fromMs) && first < ms(untilMs) && status === 200 && end - first <= ms(IN_TIME_MS))
  return inTime.length / first.length
}

function spike (controller, { keepAlive, spill }) {
  const capacity = loopCapacity(fiveSteps, { keepAlive })
  const rate = (now) => (now >= BEGINS_MS && now < ENDS_MS ? SPIKE : BELOW) * capacity
  const source = { phases: fiveSteps, rate, keepAlive, retries: RETRIES, timeoutMs: TIMEOUT_MS }
  return simulate({ controller, spill, sources: [source], durationMs: ENDS_MS + AFTER_MS })
}

describe('after a spike of 3x for 5 s at 0.7x, clients that try again', () => {
  for (const [name, keepAlive] of [['new', false], ['kept-alive', true]]) {
    it(`are all answered in time from the third second on over ${name} connections`, function () {
      const records = spike(spillway(), { keepAlive, spill: !keepAlive })
      const first = answeredInTime(records, ENDS_MS, ENDS_MS + 1000)
      const later = answeredInTime(records, ENDS_MS + 2000, ENDS_MS + AFTER_MS - IN_TIME_MS)
      note(this, { 'in the first second': first, later })
      assert(first >= 0.85)
      assert(later >= 0.999)
    })
  }

  it('keep a server down that is not protected', function () {
    const records = spike(nothing(), { keepAlive: false, spill: false })
    const { later } = note(this, { later: answeredInTime(records, ENDS_MS + 2000, ENDS_MS + AFTER_MS - IN_TIME_MS) })
    assert(later <= 0.001)
  })
})
