'use strict'

const assert = require('node:assert/strict')
const { simulate, loopCapacity, ceiling } = require('../simulator')
const { spillway } = require('../simulator/controllers')
const { bimodal, exponential, lognormal, pareto } = require('../simulator/distributions')
const { figures } = require('../simulator/figures')
const { idealShare } = require('../simulator/ideal')
const { note } = require('../simulator/note')

/** A plain http server. */
const COSTS = { turn: 0.01, accept: 0.03, begin: 0.05, refuse: 0.03, spill: 0.008 }
const WARM_UP_MS = 4000
const MAX_DELAY_MS = 100
const USEFUL_MS = 2 * MAX_DELAY_MS

// If this many requests are served, their number varies by about 1 %, and by more if a few long ones take most of the time.
const REQUESTS = 40_000

const services = [
  ['all of 5 ms', () => 5, 0.01],
  ['exponential, 5 ms', exponential(5), 0.015],
  ['lognormal, 5 ms, sigma 1.2', lognormal(5, 1.2), 0.02],
  ['Pareto, 5 ms, shape 1.7', pareto(5, 1.7), 0.04],
  ['1 ms, and 80 ms for 5 %', bimodal(0.05, 1, 80), 0.025],
  ['3 ms, and 200 ms for 1 %', bimodal(0.01, 3, 200), 0.04],
  ['all of 50 ms', () => 50, 0.02]
]

function run ({ service, times, keepAlive = false, batch = 1, requests = REQUESTS }) {
  const phases = [{ cpu: service }]
  const capacity = loopCapacity(phases, { keepAlive, costs: COSTS })
  const durationMs = WARM_UP_MS + 1000 * requests / (capacity * Math.min(1, times))
  const records = simulate({
    controller: spillway({ maxDelayMs: MAX_DELAY_MS }),
    sources: [{
      phases, keepAlive, connected: keepAlive, noise: 0, rate: () => capacity * times, arrivals: batch === 1 ? 'poisson' : { batches: batch }
    }],
    durationMs: durationMs + 1000,
    costs: COSTS,
    spill: !keepAlive
  })
  const window = { fromMs: WARM_UP_MS, untilMs: durationMs }
  const { p50, useful } = figures(records, { ...window, usefulMs: USEFUL_MS })
  const served = figures(records, { ...window, usefulMs: Infinity }).useful
  return { served, useful, p50 }
}

describe('the share served, beside that of an ideal server', () => {
  for (const [name, service, error] of services) {
    for (const keepAlive of [false, true]) {
      const connections = keepAlive ? 'kept-alive' : 'new'

      it(`is at most 0.01 less below the capacity (${name}; ${connections} connections)`, function () {
        this.timeout(120_000)
        const shown = {}
        for (const times of [0.5, 0.7, 0.9]) {
          const ideal = idealShare({ service, times, patienceMs: MAX_DELAY_MS })
          const { served } = run({ service, times, keepAlive })
          shown[`${times}x`] = served - ideal
          assert(served >= ideal - 0.01 - error / 2, `${times}x: ${served} of ${ideal}`)
        }
        note(this, shown)
      })

      it(`is at least 0.97 of it above the capacity, but for the cost of refusals (${name}; ${connections} connections)`, function () {
        this.timeout(120_000)
        const shown = {}
        for (const times of [1.2, 1.5, 3, 6]) {
          const ideal = idealShare({ service, times, patienceMs: MAX_DELAY_MS })
          const { served, p50 } = run({ service, times, keepAlive })
          const most = ceiling(times, [{ cpu: service }], { keepAlive, costs: COSTS, spill: !keepAlive })
          shown[`${times}x`] = served / ideal
          shown[`${times}x p50`] = p50
          assert(served >= (0.97 - error) * ideal * most, `${times}x: ${served} of ${ideal}`)
          assert(p50 <= USEFUL_MS, `${times}x: ${p50} ms`)
        }
        note(this, shown)
      })
    }
  }

  it('is at least 0.92 of it if connections come in batches of 20, that is, of 100 ms of work', function () {
    const shown = {}
    for (const times of [0.5, 0.9, 1.5, 6]) {
      const ideal = idealShare({ service: () => 5, times, batch: 20 })
      const { served } = run({ service: () => 5, times, batch: 20 })
      shown[`${times}x`] = served - ideal
      assert(served >= 0.92 * ideal, `${times}x: ${served} of ${ideal}`)
    }
    note(this, shown)
  })
})

describe('goodput', () => {
  for (const [name, service, error] of services) {
    it(`never falls as the offered load rises to the capacity (${name})`, function () {
      this.timeout(120_000)
      let before = 0
      const shown = {}
      for (const times of [0.5, 0.7, 0.8, 0.9, 1, 1.2, 1.5]) {
        const goodput = times * run({ service, times }).useful
        shown[`${times}x`] = goodput
        assert(goodput >= before - error, `${times}x: ${goodput} after ${before}`)
        before = Math.max(before, goodput)
      }
      note(this, shown)
    })
  }
})

describe('garbage collection', () => {
  /** Every 100th request triggers a collection, which pauses the loop for 80 ms and then 160 ms. */
  function collecting () {
    let count = 0
    return () => {
      const pause = { 99: 80, 0: 160 }[++count % 100] ?? 0
      return 5 + pause
    }
  }

  for (const [times, most] of [[0.5, 0.005], [0.7, 0.01], [0.9, 0.06]]) {
    it(`leads to at most ${100 * most} % refused at ${times}x`, function () {
      const refused = [false, true].map((keepAlive) => 1 - run({ service: collecting(), times, keepAlive }).served)
      note(this, { new: refused[0], kept: refused[1] })
      assert(Math.max(...refused) <= most, `${refused}`)
    })
  }

  it('of 300 ms at half load refuses nobody', () => {
    const phases = [{ cpu: 5 }]
    for (const keepAlive of [false, true]) {
      const rate = loopCapacity(phases, { keepAlive, costs: COSTS }) / 2
      const records = simulate({
        controller: spillway(),
        sources: [{ phases, keepAlive, connected: keepAlive, rate: () => rate }],
        pauses: { everyMs: 3000, lastMs: 300 },
        durationMs: 60_000,
        costs: COSTS
      })
      assert.equal(records.filter(({ status }) => status === 503).length, 0)
    }
  })
})
