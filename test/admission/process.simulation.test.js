'use strict'

const assert = require('node:assert/strict')
const { simulate, loopCapacity, ceiling } = require('../simulator')
const { figures, settledAfter, lastRefusalAfter } = require('../simulator/figures')
const { spillway, nothing, waitedLongerThan } = require('../simulator/controllers')
const { fiveSteps, block, slow, query, beside } = require('../simulator/workloads')
const { note } = require('../simulator/note')

// T = maxDelay = 100 ms in all of these. Steady figures leave out the first seconds; those have tests of their own.
const STEADY = { fromMs: 3000, untilMs: 12000 }
const DURATION_MS = 13000
const POOL = 20
const POOL_CAPACITY = 400
const CONNECTIONS = [['new', false], ['kept-alive', true]]

function fiveStepsAt (times, { keepAlive, controller = spillway(), arrivals, durationMs = DURATION_MS }) {
  const capacity = loopCapacity(fiveSteps, { keepAlive })
  const records = simulate({
    controller, durationMs, sources: [{ phases: fiveSteps, rate: () => times * capacity, keepAlive, arrivals }]
  })
  return relative(figures(records, STEADY), capacity)
}

function poolAt (times, { keepAlive, controller = spillway(), arrivals }) {
  const records = simulate((pool) => ({
    controller,
    durationMs: DURATION_MS,
    sources: [{ phases: query(pool(POOL)), rate: () => times * POOL_CAPACITY, keepAlive, arrivals }]
  }))
  return relative(figures(records, STEADY), POOL_CAPACITY)
}

function blockAt (times, { controller = spillway(), arrivals = 'clock' }) {
  const capacity = loopCapacity(block, { keepAlive: false })
  const records = simulate({
    controller, durationMs: 43000, sources: [{ phases: block, rate: () => times * capacity, arrivals }]
  })
  return relative(figures(records, { fromMs: 3000, untilMs: 42000 }), capacity)
}

const relative = (result, capacity) => ({ ...result, ratio: result.goodput / capacity })

describe('the model, against what was measured on a real server', () => {
  for (const [name, keepAlive] of CONNECTIONS) {
    it(`unprotected at 6x, ${name} connections: nothing useful, most requests fail or come too late`, function () {
      const result = note(this, fiveStepsAt(6, { keepAlive, controller: nothing(), durationMs: 19000 }))
      assert.equal(result.goodput, 0)
      assert(result.failures > 800)
    })
  }

  it('unprotected at 1.5x, new connections: a request waits for the 511 before it, 2.8 s', function () {
    const result = note(this, fiveStepsAt(1.5, { keepAlive: false, controller: nothing(), arrivals: 'clock' }))
    assert(result.p50 > 2500 && result.p50 < 3100)
  })

  it('`wait > 100 ms`: good with new connections, useless with kept-alive ones, whose queue is inside the process', function () {
    const fresh = note(this, fiveStepsAt(6, { keepAlive: false, controller: waitedLongerThan(100) }))
    const kept = note(this, fiveStepsAt(6, { keepAlive: true, controller: waitedLongerThan(100) }))
    assert(fresh.ratio > 0.85)
    assert.equal(kept.goodput, 0)
  })
})

describe('goodput under overload', () => {
  for (const [name, keepAlive] of CONNECTIONS) {
    for (const arrivals of ['poisson', 'clock', 10]) {
      const of = `${name} connections, arrivals ${typeof arrivals === 'number' ? `in bursts of ${arrivals}` : arrivals}`
      it(`5 ms in five turns at 1.5x, ${of}: >= 0.97, p99 <= 150 ms`, function () {
        const result = note(this, fiveStepsAt(1.5, { keepAlive, arrivals }))
        assert(result.ratio >= 0.97)
        assert(result.p99 <= 150)
        assert.equal(result.failures, 0)
      })

      it(`5 ms in five turns at 6x, ${of}: within 2 % of what refusals leave, p99 <= 130 ms`, function () {
        const result = note(this, fiveStepsAt(6, { keepAlive, arrivals }))
        assert(result.ratio >= 0.98 * ceiling(6, fiveSteps, { keepAlive }))
        assert(result.p99 <= 130)
        assert.equal(result.failures, 0)
      })

      it(`pool of 20 x 50 ms at 3x, ${of}: >= 0.97, p99 <= 160 ms`, function () {
        const result = note(this, poolAt(3, { keepAlive, arrivals }))
        assert(result.ratio >= 0.97)
        assert(result.p99 <= 160)
      })
    }

    it(`5 ms in five turns at 20x, ${name} connections: within 4 % of what refusals leave, p99 <= 130 ms`, function () {
      const result = note(this, fiveStepsAt(20, { keepAlive }))
      assert(result.ratio >= 0.96 * ceiling(20, fiveSteps, { keepAlive }))
      assert(result.p99 <= 130)
    })
  }

  it('a refusal of 14 us, as of spillway/http on kept-alive connections, at 20x: >= 0.93, p99 <= 160 ms', function () {
    const costs = { turn: 0.015, accept: 0.04, begin: 0.05, refuse: 0.014 }
    const capacity = loopCapacity(fiveSteps, { keepAlive: true, costs })
    const records = simulate({
      controller: spillway(), costs, durationMs: DURATION_MS, sources: [{ phases: fiveSteps, rate: () => 20 * capacity, keepAlive: true }]
    })
    const result = note(this, relative(figures(records, STEADY), capacity))
    assert(result.ratio >= 0.93)
    assert(result.p99 <= 160)
  })

  it('50 ms blocks at 6x: >= 0.9, p99 <= 200 ms', function () {
    const result = note(this, blockAt(6, {}))
    assert(result.ratio >= 0.9)
    assert(result.p99 <= 200)
  })

  for (const [name, keepAlive] of CONNECTIONS) {
    it(`any load from 0.1x to 100x, ${name} connections: near what refusals leave`, function () {
      for (const times of [0.1, 0.3, 0.5, 0.8, 1, 1.2, 2, 3, 10, 30, 100]) {
        const result = note(this, fiveStepsAt(times, { keepAlive, arrivals: 'clock' }))
        const limit = ceiling(times, fiveSteps, { keepAlive })
        // Beyond that the loop does little else than refuse.
        if (limit < 0.3) continue
        assert(result.ratio >= 0.95 * Math.min(times, limit), `at ${times}x`)
        assert(result.p99 <= 150, `at ${times}x`)
      }
    })
  }
})

describe('requests that say they waited for nothing do not hide the queue', () => {
  // As those do that come on kept-alive connections, and those whose body still trickles in.
  const run = ({ share, keepAlive, ofClaims = {} }) => {
    const capacity = loopCapacity(fiveSteps, { keepAlive: false })
    const rate = (part) => () => part * 2 * capacity
    const records = simulate({
      controller: spillway(),
      durationMs: DURATION_MS,
      sources: [
        { phases: fiveSteps, rate: rate(1 - share) },
        { class: 1, phases: fiveSteps, rate: rate(share), keepAlive, claimsNoWait: true, ...ofClaims }
      ]
    })
    return figures(records, { ...STEADY, class: 0 })
  }

  /** Of the same without such requests. */
  let p50
  for (const [name, keepAlive] of CONNECTIONS) {
    for (const share of [0.01, 0.1, 0.3]) {
      it(`${100 * share} % of them, ${name} connections, at 2x: the others' p50 is as without them`, function () {
        const result = note(this, run({ share, keepAlive }))
        p50 ??= run({ share: 0 }).p50
        note(this, { 'p50 without them': p50 })
        assert(result.p50 <= 1.25 * p50)
        assert(result.p99 <= 100)
        assert.equal(result.failures, 0)
      })
    }
  }
})

describe('nothing is shed without need', () => {
  for (const [name, keepAlive] of CONNECTIONS) {
    for (const times of [0.5, 0.8]) {
      it(`5 ms in five turns, and a pool, at ${times}x, ${name} connections: shed < 0.1 %, answers as unprotected`, function () {
        for (const arrivals of ['clock', 'poisson']) {
          for (const run of [fiveStepsAt, poolAt]) {
            const result = note(this, run(times, { keepAlive, arrivals }))
            const unprotected = run(times, { keepAlive, arrivals, controller: nothing() })
            assert(result.shed < 0.001)
            assert(result.p99 <= 1.1 * unprotected.p99)
          }
        }
      })
    }

    it(`a pause of 100 ms each second at 0.5x, ${name} connections: shed <= 1 %; of 200 ms: <= 1 % on average`, function () {
      const shed = [100, 200].map((lastMs) => {
        const seeds = [1, 2, 3, 4, 5, 6]
        return seeds.reduce((sum, seed) => sum + pausing(lastMs, { keepAlive, seed }).shed, 0) / seeds.length
      })
      note(this, { 'of 100 ms': shed[0], 'of 200 ms': shed[1] })
      assert(shed[0] <= 0.002)
      assert(shed[1] <= 0.01)
    })
  }

  it('50 ms blocks at 0.5x and 0.8x, on a clock', function () {
    for (const times of [0.5, 0.8]) assert.equal(note(this, blockAt(times, {})).shed, 0)
  })

  it('a route of 2 s that steps from 20 to 200/s, with a pause of 30 ms each second', function () {
    const records = simulate({
      controller: spillway(),
      durationMs: 30000,
      pauses: { everyMs: 1000, lastMs: 30 },
      sources: [{ phases: slow, rate: (now) => now < 8000 ? 20 : 200, keepAlive: true }]
    })
    assert.equal(note(this, figures(records, { fromMs: 0, untilMs: 27000, usefulMs: 2300 })).shed, 0)
  })

  it('an upload of 3 s, beside 6x of small requests: those let in are never refused halfway', function () {
    const uploads = { class: 1, phases: beside(3000), rate: () => 2, timeoutMs: 10000 }
    const records = simulate({
      controller: spillway(),
      durationMs: 20000,
      sources: [{ phases: fiveSteps, rate: () => 6 * 187, keepAlive: true }, uploads]
    })
    const result = note(this, figures(records, { fromMs: 6000, untilMs: 16000, class: 1, usefulMs: 4000 }))
    assert.equal(result.failures, 0)
    assert.equal(result.shed, 0)
  })

  function pausing (lastMs, { keepAlive, seed }) {
    const rate = loopCapacity(fiveSteps, { keepAlive }) / 2
    const records = simulate({
      controller: spillway(),
      seed,
      durationMs: 21000,
      pauses: { everyMs: 1000, lastMs },
      sources: [{ phases: fiveSteps, rate: () => rate, keepAlive }]
    })
    return figures(records, { fromMs: 0, untilMs: 20000 })
  }
})

describe('steps', () => {
  const STEP_MS = 4000
  const BACK_MS = 8000

  for (const [name, keepAlive] of CONNECTIONS) {
    it(`5 ms in five turns, 1x, 6x, 1x, ${name} connections: p99 below 150 ms and the last 503 within 1 s`, function () {
      const capacity = loopCapacity(fiveSteps, { keepAlive })
      const records = simulate({
        controller: spillway(), durationMs: 13000, sources: [{ phases: fiveSteps, rate: stepped(capacity, 6), keepAlive, arrivals: 'clock' }]
      })
      check(this, records)
    })

    it(`a pool, 0.9x, 3x, 0.9x, ${name} connections: p99 below 150 ms for what comes 0.3 s later, and the last 503 within 1 s`, function () {
      const records = simulate((pool) => ({
        controller: spillway(),
        durationMs: 13000,
        sources: [{ phases: query(pool(POOL)), rate: stepped(0.9 * POOL_CAPACITY, 3 / 0.9), keepAlive }]
      }))
      check(this, records, { upMs: 300 })
    })

    it(`cold start at 6x, ${name} connections: 0.9 of what refusals leave in the first second`, function () {
      const capacity = loopCapacity(fiveSteps, { keepAlive })
      const records = simulate({
        controller: spillway(), durationMs: 4000, sources: [{ phases: fiveSteps, rate: () => 6 * capacity, keepAlive }]
      })
      const result = note(this, relative(figures(records, { fromMs: 0, untilMs: 1000 }), capacity))
      assert(result.ratio >= 0.9 * ceiling(6, fiveSteps, { keepAlive }))
    })
  }

  const stepped = (rate, times) => (now) => now < STEP_MS || now >= BACK_MS ? rate : times * rate

  function check (context, records, { upMs = 1000 } = {}) {
    const up = settledAfter(records, { atMs: STEP_MS, untilMs: BACK_MS, delayLimitMs: 150 })
    const down = settledAfter(records, { atMs: BACK_MS, untilMs: 12000, delayLimitMs: 150 })
    const last = lastRefusalAfter(records, BACK_MS)
    note(context, { 'ms up': up, 'ms down': down, 'ms to the last 503': last })
    assert(up <= upMs)
    assert(down <= 1000)
    assert(last <= 1000)
  }
})
