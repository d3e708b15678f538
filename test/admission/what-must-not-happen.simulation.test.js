'use strict'

const assert = require('node:assert/strict')
const { simulate, loopCapacity, ceiling } = require('../simulator')
const { figures, settledAfter } = require('../simulator/figures')
const { spillway } = require('../simulator/controllers')
const { note } = require('../simulator/note')
const { fiveSteps, slow, query, beside } = require('../simulator/workloads')

const POOL = 20
const POOL_CAPACITY = 400
const CONNECTIONS = [['new', false], ['kept-alive', true]]

describe('the admission controller', () => {
  for (const seed of [1, 2, 3]) {
    it(`sheds no long polls of 2 s beside an overloaded class, seed ${seed}`, function () {
      const records = simulate({
        controller: spillway(),
        seed,
        durationMs: 16000,
        sources: [
          { class: 0, phases: slow, rate: () => 50, keepAlive: true },
          { class: 1, phases: fiveSteps, rate: (now) => now < 3000 ? 50 : 6 * 187, keepAlive: true }
        ]
      })
      const result = note(this, figures(records, { fromMs: 5000, untilMs: 12000, class: 0, usefulMs: 2400 }))
      assert(result.shed <= 0.01)
      assert(result.useful >= 0.98)
    })
  }

  for (const rate of [5, 20, 100, 400]) {
    it(`sheds nothing from a class of 1 ms and 300 ms requests at ${rate}/s, which does not queue`, function () {
      const sources = [1, 300].map((io) => ({ phases: beside(io), rate: () => rate / 2, keepAlive: true }))
      const records = simulate({ controller: spillway(), durationMs: 62000, sources })
      assert.equal(note(this, figures(records, { fromMs: 0, untilMs: 60000, usefulMs: 400 })).shed, 0)
    })
  }

  for (const times of [3, 0.8]) {
    it(`keeps goodput at ${times}x when a database becomes 3x slower for a while`, function () {
      const phases = []
      const records = simulate((pool) => {
        const shared = pool(POOL)
        const become = (io) => phases.splice(0, phases.length, ...query(shared, io))
        become(50)
        return {
          controller: spillway(),
          durationMs: 20000,
          sources: [{ phases, rate: () => times * POOL_CAPACITY, keepAlive: true }],
          script: [[5000, () => become(150)], [12000, () => become(50)]]
        }
      })
      const slower = note(this, figures(records, { fromMs: 8000, untilMs: 12000, usefulMs: 400 }))
      const again = note(this, figures(records, { fromMs: 15000, untilMs: 19000 }))
      assert(slower.goodput >= 0.97 * POOL_CAPACITY / 3)
      assert(again.goodput >= 0.95 * Math.min(times, 1) * POOL_CAPACITY)
      assert(again.p99 <= 160)
    })
  }

  it('sheds for at most three seconds when a database with spare capacity becomes 5x slower', function () {
    const phases = []
    const records = simulate((pool) => {
      const shared = pool(POOL)
      const become = (io) => phases.splice(0, phases.length, ...query(shared, io))
      become(50)
      return {
        controller: spillway(),
        durationMs: 22000,
        sources: [{ phases, rate: () => 0.1 * POOL_CAPACITY, keepAlive: true }],
        script: [[5000, () => become(250)]]
      }
    })
    const first = note(this, figures(records, { fromMs: 5000, untilMs: 8000, usefulMs: 400 }))
    const later = note(this, figures(records, { fromMs: 8000, untilMs: 20000, usefulMs: 400 }))
    assert(first.shed <= 0.6)
    assert(later.shed <= 0.005)
  })

  for (const [what, run] of [['a pool', steadyPool], ['the loop', steadyLoop]]) {
    it(`keeps the no-load response time and p99 steady during ten minutes of overload of ${what}`, function () {
      const controller = spillway()
      const baselines = []
      const script = [10, 100, 300, 600].map((second) => [second * 1000, () => {
        baselines.push(controller.snapshotOf(0).noLoadNs / 1e6)
      }])
      const records = run(controller, script)
      const early = note(this, figures(records, { fromMs: 5000, untilMs: 15000 }))
      const late = note(this, figures(records, { fromMs: 590000, untilMs: 600000 }))
      note(this, { 'no-load ms': baselines.map((ms) => ms.toFixed(1)).join(' ') })
      assert(late.p99 <= early.p99 + 10)
      assert(late.goodput >= 0.98 * early.goodput)
      assert(Math.max(...baselines.slice(1)) <= 1.1 * baselines[0])
    })
  }

  it('does not raise the capacity for requests that clients abandon after 150 ms', function () {
    const controller = spillway()
    const capacities = []
    simulate((pool) => ({
      controller,
      durationMs: 12000,
      sources: [{ phases: query(pool(POOL)), rate: () => 3 * POOL_CAPACITY, keepAlive: true, timeoutMs: 150 }],
      script: [4, 6, 8, 10].map((second) => [second * 1000, () => capacities.push(controller.snapshotOf(0).capacity)])
    }))
    note(this, { X: capacities.map((x) => x.toFixed()).join(' ') })
    for (const capacity of capacities) assert(capacity <= 1.1 * POOL_CAPACITY)
  })

  it('neither counts event streams in flight nor treats their hours as response times', function () {
    const controller = spillway()
    const stream = { class: 0, phases: [{ cpu: 0.2 }, { detach: true }, { io: 100000 }], rate: () => 50, keepAlive: true, timeoutMs: 1e6 }
    const records = simulate({ controller, durationMs: 20000, sources: [stream] })
    assert.equal(note(this, figures(records, { fromMs: 0, untilMs: 20000 })).shed, 0)
    assert(controller.snapshot().inFlight <= 1)
    assert.equal(controller.snapshotOf(0).rate, 0)
  })

  for (const [name, keepAlive] of CONNECTIONS) {
    it(`sheds nothing at 0.8x while code warms up, five times slower at first, and keeps goodput at 6x over ${name} connections`, function () {
      const phases = fiveSteps.map(() => ({ cpu: 5 }))
      const warm = Array.from({ length: 40 }, (_, i) => [i * 50, (now) => {
        for (const phase of phases) phase.cpu = 1 + 4 * Math.exp(-now / 300)
      }])
      const capacity = loopCapacity(fiveSteps, { keepAlive })
      const records = simulate({
        controller: spillway(), durationMs: 8000, sources: [{ phases, rate: () => 0.8 * capacity, keepAlive }], script: warm
      })
      assert.equal(note(this, figures(records, { fromMs: 2000, untilMs: 7000 })).shed, 0)
      const over = simulate({
        controller: spillway(), durationMs: 8000, sources: [{ phases, rate: () => 6 * capacity, keepAlive }], script: warm
      })
      const result = note(this, figures(over, { fromMs: 3000, untilMs: 7000 }))
      assert(result.goodput >= 0.85 * capacity)
    })

    it(`admits at a steady rate at 6x, within 60 % of the mean in each 100 ms over ${name} connections`, function () {
      const records = simulate({
        controller: spillway(), durationMs: 12000, sources: [{ phases: fiveSteps, rate: () => 6 * 187, keepAlive }]
      })
      const counts = Array.from({ length: 80 }, (_, i) =>
        figures(records, { fromMs: 3000 + 100 * i, untilMs: 3100 + 100 * i }).goodput / 10)
      const mean = counts.reduce((a, b) => a + b) / counts.length
      note(this, { mean, least: Math.min(...counts), most: Math.max(...counts) })
      assert(Math.min(...counts) >= 0.4 * mean)
      assert(Math.max(...counts) <= 1.6 * mean)
    })

    it(`follows within 1.5 s when the loop's capacity falls to a third, and sheds nothing after it has recovered, over ${name} connections`, function () {
      const phases = fiveSteps.map(({ cpu }) => ({ cpu }))
      const become = (cpu) => phases.forEach((phase) => { phase.cpu = cpu })
      const capacity = loopCapacity(fiveSteps, { keepAlive })
      const records = simulate({
        controller: spillway(),
        durationMs: 16000,
        sources: [{ phases, rate: () => 0.8 * capacity, keepAlive }],
        script: [[4000, () => become(3)], [9000, () => become(1)]]
      })
      const third = note(this, figures(records, { fromMs: 5000, untilMs: 9000 }))
      const whole = note(this, figures(records, { fromMs: 11000, untilMs: 15000 }))
      assert(third.goodput >= 0.9 * capacity / 3)
      assert(settledAfter(records, { atMs: 4000, untilMs: 9000, limitMs: 200 }) <= 1500)
      assert(whole.shed <= 0.02)
    })
  }

  for (const times of [3, 6, 20]) {
    it(`is not misled by responses that queued at ${times}x from the start, over kept-alive connections`, function () {
      const capacity = loopCapacity(fiveSteps, { keepAlive: true })
      const sources = [{ phases: fiveSteps, rate: () => times * capacity, keepAlive: true, connected: true }]
      const records = simulate({ controller: spillway(), durationMs: 9000, sources })
      const { goodput, p50 } = note(this, figures(records, { fromMs: 5000, untilMs: 8000 }))
      assert(goodput >= 0.9 * ceiling(times, fiveSteps, { keepAlive: true }) * capacity)
      assert(p50 <= 150)
    })
  }

  it('admits a class of 2 s on its own pool at 3x evenly, without waves', function () {
    const records = simulate((pool) => ({
      controller: spillway(),
      durationMs: 70000,
      sources: [{ phases: query(pool(200), 2000), rate: (now) => now < 10000 ? 50 : 300, keepAlive: true, timeoutMs: 20000 }]
    }))
    const result = note(this, figures(records, { fromMs: 30000, untilMs: 60000, usefulMs: 3600 }))
    assert(result.goodput >= 0.85 * 100)
  })

  function steadyPool (controller, script) {
    return simulate((pool) => ({
      controller, script, durationMs: 601000, sources: [{ phases: query(pool(POOL)), rate: () => 3 * POOL_CAPACITY, keepAlive: true }]
    }))
  }

  function steadyLoop (controller, script) {
    return simulate({ controller, script, durationMs: 601000, sources: [{ phases: fiveSteps, rate: () => 3 * 187, keepAlive: true }] })
  }
})
