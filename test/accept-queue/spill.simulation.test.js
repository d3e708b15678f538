'use strict'

const assert = require('node:assert/strict')
const { simulate, loopCapacity, ceiling } = require('../simulator')
const { figures, settledAfter, lastRefusalAfter } = require('../simulator/figures')
const { spillway } = require('../simulator/controllers')
const { fiveSteps, block, query, slow } = require('../simulator/workloads')
const { note, describeArrivals } = require('../simulator/note')

const STEADY = { fromMs: 3000, untilMs: 12000 }
const DURATION_MS = 13000
const CAPACITY = loopCapacity(fiveSteps, { keepAlive: false })
const CAPACITY_KEPT = loopCapacity(fiveSteps, { keepAlive: true })

const spilled = (records) => records.filter((record) => record.spilled).length

function run (scenario) {
  return simulate({ controller: spillway(), spill: true, durationMs: DURATION_MS, ...scenario })
}

function fiveStepsAt (times, { arrivals, spill } = {}) {
  const records = run({ spill, sources: [{ phases: fiveSteps, rate: () => times * CAPACITY, arrivals }] })
  const result = figures(records, STEADY)
  return { ...result, ratio: result.goodput / CAPACITY, spilled: spilled(records) / records.length }
}

describe('goodput with the spill', () => {
  for (const arrivals of ['poisson', 'clock', 10]) {
    const of = describeArrivals(arrivals)
    for (const times of [1.5, 3, 6, 20, 34]) {
      // Near the capacity, a short queue would leave the loop idle at times.
      const [mostMs, refusedMs] = times < 2 ? [130, 100] : [60, 50]
      it(`stays within 2 % of what the cost of refusals allows at ${times}x with 5 ms in five turns ${of}; p99 <= ${mostMs} ms, p99 of the 503s <= ${refusedMs} ms`, function () {
        const result = note(this, fiveStepsAt(times, { arrivals, spill: true }))
        assert(result.ratio >= 0.98 * ceiling(times, fiveSteps, { keepAlive: false, spill: true }))
        assert(result.p99 <= mostMs)
        assert(result.refusedP99 <= refusedMs)
        assert.equal(result.failures, 0)
        if (times >= 6) assert(result.spilled >= 0.93 * result.shed)
      })
    }
  }

  it('stays within 4 % of what the cost of refusals allows at 80x, and the accept queue does not overflow', function () {
    const result = note(this, fiveStepsAt(80, { spill: true }))
    assert(result.ratio >= 0.96 * ceiling(80, fiveSteps, { keepAlive: false, spill: true }))
    assert.equal(result.failures, 0)
  })

  it('is at least 0.9 of the capacity at 6x with 50 ms blocks; p99 <= 200 ms', function () {
    const capacity = loopCapacity(block, { keepAlive: false })
    const records = run({ durationMs: 43000, sources: [{ phases: block, rate: () => 6 * capacity, arrivals: 'clock' }] })
    const result = note(this, figures(records, { fromMs: 3000, untilMs: 42000 }))
    assert(result.goodput >= 0.9 * capacity)
    assert(result.p99 <= 200)
  })

  it('stays within 10 % of what the cost of refusals allows with new connections beside kept-alive ones, 3x each', function () {
    const source = { phases: fiveSteps, rate: () => 3 * CAPACITY }
    const result = note(this, figures(run({ sources: [source, { ...source, keepAlive: true }] }), STEADY))
    assert(result.goodput >= 0.9 * ceiling(6, fiveSteps, { keepAlive: true }) * CAPACITY)
    assert.equal(result.failures, 0)
  })
})

describe('the spill refuses no connection needlessly', () => {
  for (const [times, arrivals] of [[0.5, 'poisson'], [0.8, 'poisson'], [0.9, 'clock'], [0.9, 10], [1, 'clock']]) {
    it(`at ${times}x ${describeArrivals(arrivals)}`, function () {
      assert.equal(note(this, fiveStepsAt(times, { arrivals, spill: true })).spilled, 0)
    })
  }

  it('at 0.9x with Poisson arrivals: at most 1 % more is shed than without the spill', function () {
    const without = fiveStepsAt(0.9, { arrivals: 'poisson', spill: false })
    const result = note(this, fiveStepsAt(0.9, { arrivals: 'poisson', spill: true }))
    assert(result.shed <= without.shed + 0.01)
  })

  for (const lastMs of [100, 200]) {
    const parts = (arrivals) => [1, 2, 3, 4, 5, 6].map((seed) => {
      const sources = [{ phases: fiveSteps, rate: () => CAPACITY / 2, arrivals }]
      const records = run({ seed, pauses: { everyMs: 1000, lastMs }, durationMs: 21000, sources })
      return spilled(records) / records.length
    })

    it(`during a pause of ${lastMs} ms each second at half load`, function () {
      assert.deepEqual(parts('clock'), [0, 0, 0, 0, 0, 0])
    })

    it(`during pauses of ${lastMs} ms with Poisson arrivals, which do form a queue: at most 0.5 % is shed`, function () {
      const { mean } = note(this, { mean: parts('poisson').reduce((sum, part) => sum + part / 6, 0) })
      assert(mean <= 0.005)
    })
  }

  it('at 3x on a pool while the loop has time for all requests', function () {
    const records = simulate((pool) => ({
      controller: spillway(), spill: true, durationMs: DURATION_MS, sources: [{ phases: query(pool(20)), rate: () => 1200 }]
    }))
    assert.equal(spilled(records), 0)
    assert(note(this, figures(records, STEADY)).goodput >= 0.97 * 400)
  })

  it('when a hundred connections arrive at once at an idle server', function () {
    const records = run({ durationMs: 3000, sources: [{ phases: slow, rate: () => 100, arrivals: 100 }] })
    assert.equal(spilled(records), 0)
  })
})

describe('when the load steps up and down, the spill', () => {
  const STEP_MS = 4000
  const BACK_MS = 8000
  const stepped = (rate, times) => (now) => now < STEP_MS || now >= BACK_MS ? rate : times * rate

  for (const times of [6, 20, 34]) {
    it(`keeps p99 below 150 ms within 1 s, and stops within 1 s (1x, ${times}x, 1x; new connections)`, function () {
      const records = run({ sources: [{ phases: fiveSteps, rate: stepped(CAPACITY, times), arrivals: 'clock' }] })
      const up = settledAfter(records, { atMs: STEP_MS, untilMs: BACK_MS, limitMs: 150 })
      const down = settledAfter(records, { atMs: BACK_MS, untilMs: 12000, limitMs: 150 })
      const last = lastRefusalAfter(records.filter((record) => record.spilled), BACK_MS)
      note(this, { 'ms up': up, 'ms down': down, 'ms to the last spilled': last })
      assert(up <= 1000)
      assert(down <= 1000)
      assert(last <= 1000)
    })
  }

  it('leaves no connection waiting for long when kept-alive clients open hundreds of connections (1x, 6x)', function () {
    const results = [1, 2, 3].map((seed) => {
      const records = run({
        seed, sources: [{ phases: fiveSteps, rate: stepped(CAPACITY_KEPT, 6), keepAlive: true, arrivals: 'clock' }]
      })
      const result = note(this, figures(records, { fromMs: STEP_MS, untilMs: STEP_MS + 1000 }))
      assert(result.goodput >= 0.85 * CAPACITY_KEPT)
      assert(result.refusedP99 <= 300)
      assert.equal(result.failures, 0)
      return result.goodput
    })
    const mean = results.reduce((sum, goodput) => sum + goodput) / results.length
    assert(mean >= 0.92 * CAPACITY_KEPT, `${mean}`)
  })
})
