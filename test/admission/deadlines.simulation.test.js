'use strict'

const assert = require('node:assert/strict')
const { simulate, loopCapacity } = require('../simulator')
const { spillway } = require('../simulator/controllers')
const { figures } = require('../simulator/figures')
const { note } = require('../simulator/note')
const { ms } = require('../simulator/units')
const { fiveSteps, query } = require('../simulator/workloads')

const POOL = 20
const DEADLINE = 6
const MEASURED = { fromMs: 5000, untilMs: 35_000 }
const PATIENCE_MS = 150

/** Of the requests that were served, the share that was served later than their clients wait. */
function latePart (records, patienceMs) {
  const served = records.filter(({ sent, status }) => status === 200 && sent >= ms(MEASURED.fromMs) && sent < ms(MEASURED.untilMs))
  return served.filter(({ sent, end }) => end - sent > ms(patienceMs)).length / served.length
}

describe('deadlines', () => {
  for (const keepAlive of [true, false]) {
    it(`with a patience of 60 ms at 3x over ${keepAlive ? 'kept-alive' : 'new'} connections, no more requests are served too late, and at least as many in time, as without`, function () {
      const capacity = loopCapacity(fiveSteps, { keepAlive })
      const [records, others] = [60, undefined].map((patienceMs) => simulate({
        controller: spillway(),
        durationMs: MEASURED.untilMs + 2000,
        sources: [{ phases: fiveSteps, patienceMs, keepAlive, connected: keepAlive, rate: () => 3 * capacity }]
      }))
      const goodputOf = (sent) => figures(sent, { ...MEASURED, usefulMs: 60 }).goodput / capacity
      const { late, goodput, lateWithout, goodputWithout } = note(this, {
        late: latePart(records, 60), goodput: goodputOf(records), lateWithout: latePart(others, 60), goodputWithout: goodputOf(others)
      })
      assert.ok(late <= lateWithout)
      assert.ok(goodput >= goodputWithout - 0.01)
    })

    it(`at 3x over ${keepAlive ? 'kept-alive' : 'new'} connections, hardly any request is served too late, and capacity is used`, function () {
      const capacity = loopCapacity(fiveSteps, { keepAlive })
      const records = simulate({
        controller: spillway(),
        durationMs: MEASURED.untilMs + 2000,
        sources: [{ phases: fiveSteps, patienceMs: PATIENCE_MS, keepAlive, connected: keepAlive, rate: () => 3 * capacity }]
      })
      const { late, goodput } = note(this, { late: latePart(records, PATIENCE_MS), goodput: figures(records, { ...MEASURED, usefulMs: PATIENCE_MS }).goodput / capacity })
      assert.ok(late < 0.01)
      assert.ok(goodput >= 0.93)
    })
  }

  it('below the capacity of a pool, requests with too little patience for its queue are refused, and the others are not', function () {
    const records = simulate((pool) => {
      const phases = query(pool(POOL), 50)
      return {
        controller: spillway({ maxDelayMs: 1000 }),
        durationMs: MEASURED.untilMs + 2000,
        // A burst of 60 requests fills the pool three times over.
        sources: [{ phases, rate: () => 120, arrivals: 60 }, { phases, patienceMs: 80, rate: () => 40 }].map((source) => ({ ...source, keepAlive: true, connected: true }))
      }
    })
    const [patient, hasty] = [false, true].map((isHasty) => records.filter(({ patience }) => (patience !== undefined) === isHasty))
    const { late, served, others } = note(this, { late: latePart(hasty, 80), served: figures(hasty, MEASURED).useful, others: figures(patient, MEASURED).useful })
    assert.ok(late <= 0.25) // a third without
    assert.ok(served >= 0.85)
    assert.ok(others >= 0.99)
  })

  it('a class whose response time seemed too long for its clients is tried again, one request at a time', () => {
    const controller = spillway()
    let now = 1e9
    const serve = (responseMs, patienceMs) => {
      const verdict = controller.arrive(now, 0, 0, 0, undefined, 1, undefined, ms(patienceMs))
      if (verdict === 0) controller.depart(now + ms(responseMs), 0, now, 0)
      now += ms(200)
      controller.turn(now, ms(1), 0)
      return verdict
    }
    for (let i = 0; i < 50; i++) serve(500, 10_000)
    assert.equal(serve(20, 100), 0) // none is in flight
    controller.arrive(now, 0, 0, 0)
    assert.equal(controller.arrive(now, 0, 0, 0, undefined, 1, undefined, ms(100)), DEADLINE)
    assert.equal(controller.arrive(now, 0, 0, 0, undefined, 1, undefined, ms(1000)), 0)
  })

  it('a request that has waited for longer is refused in any case', () => {
    assert.equal(spillway().arrive(1e9, 0, ms(50), 0, undefined, 1, undefined, ms(50)), DEADLINE)
    assert.equal(spillway().arrive(1e9, 0, ms(49), 0, undefined, 1, undefined, ms(50)), 0)
  })

  it('an unprotected server would serve most of them too late', function () {
    const capacity = loopCapacity(fiveSteps, { keepAlive: true })
    const records = simulate({
      controller: { arrive: () => 0, depart () {}, turn () {} },
      durationMs: MEASURED.untilMs + 2000,
      sources: [{ phases: fiveSteps, patienceMs: PATIENCE_MS, keepAlive: true, connected: true, rate: () => 3 * capacity }]
    })
    assert.ok(note(this, { goodput: figures(records, { ...MEASURED, usefulMs: PATIENCE_MS }).goodput }).goodput === 0)
  })
})
