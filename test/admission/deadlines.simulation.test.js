'use strict'

const assert = require('node:assert/strict')
const { simulate, loopCapacity } = require('../simulator')
const { spillway } = require('../simulator/controllers')
const { figures } = require('../simulator/figures')
const { note } = require('../simulator/note')
const { ms } = require('../simulator/units')
const { beside, fast, fiveSteps, query } = require('../simulator/workloads')

const POOL = 20
const DEADLINE = 6
const MEASURED = { fromMs: 5000, untilMs: 35_000 }
const PATIENCE_MS = 150

/** Of the requests that were served, the share that was served later than their clients wait. */
function latePart (records, patienceMs) {
  const served = records.filter(({ sent, status }) => status === 200 && sent >= ms(MEASURED.fromMs) && sent < ms(MEASURED.untilMs))
  return served.filter(({ sent, end }) => end - sent > ms(patienceMs)).length / served.length
}

/** Responses per second that came in time. */
function goodputOf (records, patienceMs) {
  return figures(records, { ...MEASURED, usefulMs: patienceMs }).goodput
}

describe('deadlines', () => {
  for (const keepAlive of [true, false]) {
    for (const patienceMs of [30, 60, 100, 150]) {
      it(`of ${patienceMs} ms keep requests over ${keepAlive ? 'kept-alive' : 'new'} connections from being served too late at 1.2x to 6x, and capacity is used`, function () {
        const capacity = loopCapacity(fiveSteps, { keepAlive })
        for (const load of [1.2, 1.5, 3, 6]) {
          const [records, others] = [patienceMs, undefined].map((patience) => simulate({
            controller: spillway({ deadlines: true }),
            durationMs: MEASURED.untilMs + 2000,
            sources: [{ phases: fiveSteps, patienceMs: patience, keepAlive, connected: keepAlive, rate: () => load * capacity }]
          }))
          const { late, goodput, goodputWithout } = note(this, {
            load, late: latePart(records, patienceMs), goodput: goodputOf(records, patienceMs) / capacity, goodputWithout: goodputOf(others, patienceMs) / capacity
          })
          assert.ok(late < 0.01)
          assert.ok(goodput >= goodputWithout - 0.01)
          if (patienceMs >= 60 && load < 6) assert.ok(goodput >= 0.93)
        }
      })
    }
  }

  for (const [name, patienceMs, phasesWith, perSecond] of [
    ['a pool at 0.7x of its capacity', 100, (pool) => query(pool(POOL), 50), 0.7 * POOL / 0.05],
    ['nothing but time', 60, () => beside(50), 40]
  ]) {
    it(`refuse nothing if requests of 50 ms, which need ${name}, may take ${patienceMs} ms`, function () {
      const records = simulate((pool) => ({
        controller: spillway({ maxDelayMs: 1000, deadlines: true }),
        durationMs: MEASURED.untilMs + 2000,
        sources: [{ phases: phasesWith(pool), patienceMs, rate: () => perSecond, keepAlive: true, connected: true }]
      }))
      assert.ok(note(this, { served: figures(records, MEASURED).useful }).served >= 0.999)
    })
  }

  it('refuse nothing of a route with few requests, beside another one that keeps the loop half busy', function () {
    const records = simulate({
      controller: spillway({ deadlines: true }),
      durationMs: MEASURED.untilMs + 2000,
      sources: [{ phases: fiveSteps, rate: () => 100 }, { class: 1, phases: fast, patienceMs: 100, rate: () => 2 }]
        .map((source) => ({ ...source, keepAlive: true, connected: true }))
    })
    const few = records.filter(({ patience }) => patience !== undefined)
    assert.ok(note(this, { served: figures(few, MEASURED).useful }).served >= 0.99)
  })

  it('of other requests are hardly affected by a client that reads its response slowly', () => {
    const controller = spillway({ deadlines: true })
    let now = ms(100_000)
    for (let i = 0; i < 100; i++) {
      const verdict = controller.arrive(now, 0, 0, 0, undefined, 1, undefined, ms(100))
      assert.equal(verdict, 0, `request ${i}`)
      const responseMs = i === 50 ? 60_000 : 50
      controller.depart(now + ms(50), 0, now + ms(50) - ms(responseMs), 0)
      now += ms(60)
      controller.turn(now, ms(1), 0)
    }
  })

  it('below the capacity of a pool, requests with too little patience for its queue are refused, and the others are not', function () {
    const records = simulate((pool) => {
      const phases = query(pool(POOL), 50)
      return {
        controller: spillway({ maxDelayMs: 1000, deadlines: true }),
        durationMs: MEASURED.untilMs + 2000,
        // A burst of 60 requests fills the pool three times over.
        sources: [{ phases, rate: () => 120, arrivals: 60 }, { phases, patienceMs: 80, rate: () => 40 }].map((source) => ({ ...source, keepAlive: true, connected: true }))
      }
    })
    const [patient, hasty] = [false, true].map((isHasty) => records.filter(({ patience }) => (patience !== undefined) === isHasty))
    const { late, served, others } = note(this, { late: latePart(hasty, 80), served: figures(hasty, MEASURED).useful, others: figures(patient, MEASURED).useful })
    assert.ok(late <= 0.01) // a third without
    assert.ok(served >= 0.7)
    assert.ok(others >= 0.99)
  })

  it('a class whose response time seemed too long for its clients is tried again after a second, with one request', () => {
    const controller = spillway({ deadlines: true })
    let now = 1e9
    const serve = (responseMs, patienceMs) => {
      const verdict = controller.arrive(now, 0, 0, 0, undefined, 1, undefined, ms(patienceMs))
      if (verdict === 0) controller.depart(now + ms(responseMs), 0, now, 0)
      now += ms(200)
      controller.turn(now, ms(1), 0)
      return verdict
    }
    for (let i = 0; i < 50; i++) serve(500, 10_000)
    assert.equal(serve(20, 100), DEADLINE)
    now += ms(2000)
    const tried = now
    assert.equal(controller.arrive(tried, 0, 0, 0, undefined, 1, undefined, ms(100)), 0)
    assert.equal(serve(20, 100), DEADLINE)
    assert.equal(serve(20, 1000), 0)
    controller.depart(now, 0, now - ms(20), 0)
    assert.equal(serve(20, 100), DEADLINE)
    controller.depart(tried + ms(20), 0, tried, 0)
    assert.equal(serve(20, 100), 0)
  })

  it('a class whose responses suddenly take much longer is soon known to be slow', () => {
    const controller = spillway({ deadlines: true })
    let now = 1e9
    const serve = (responseMs) => {
      controller.arrive(now, 0, 0, 0)
      controller.depart(now + ms(responseMs), 0, now, 0)
      now += ms(responseMs)
      controller.turn(now, ms(0.1), 0)
    }
    for (let i = 0; i < 100; i++) serve(0.01)
    for (let i = 0; i < 50; i++) serve(500)
    assert.equal(controller.arrive(now, 0, 0, 0, undefined, 1, undefined, ms(100)), DEADLINE)
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
    assert.ok(note(this, { goodput: goodputOf(records, PATIENCE_MS) }).goodput === 0)
  })
})
