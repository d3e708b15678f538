'use strict'

const assert = require('node:assert/strict')
const { simulate, loopCapacity } = require('../simulator')
const { figures } = require('../simulator/figures')
const { spillway } = require('../simulator/controllers')
const { note } = require('../simulator/note')
const { fiveSteps, fast, slow, query, beside } = require('../simulator/workloads')

const POOL = 20
const POOL_CAPACITY = 400
const CONNECTIONS = [['new', false], ['kept-alive', true]]
const LIGHT = { fromMs: 6000, untilMs: 12000, class: 0 }
const HEAVY = { fromMs: 6000, untilMs: 12000, class: 1 }
const DURATION_MS = 16000

describe('with several classes of requests,', () => {
  for (const [name, keepAlive] of CONNECTIONS) {
    for (const times of [1.5, 6]) {
      it(`a fast class loses nothing on a loop that another class overloads to ${times}x over ${name} connections`, function () {
        const records = simulate({
          controller: spillway(),
          durationMs: DURATION_MS,
          sources: [
            { class: 0, phases: fast, rate: () => 100, keepAlive },
            { class: 1, phases: fiveSteps, rate: (now) => now < 3000 ? 50 : times * 187, keepAlive }
          ]
        })
        const light = note(this, figures(records, LIGHT))
        const heavy = note(this, figures(records, HEAVY))
        assert(light.shed <= 0.005)
        assert(light.p99 <= 120)
        // The share of the loop that the fast class and the refusals leave.
        assert(heavy.goodput >= 0.9 * (187 - 100 / 4 - times * 187 * 0.115 / 5.3))
      })

      it(`a light class loses nothing on a pool that another class overloads to ${times}x over ${name} connections`, function () {
        const results = [1, 2, 3, 4].map((seed) => {
          const records = simulate((pool) => {
            const phases = query(pool(POOL))
            return {
              controller: spillway(),
              seed,
              durationMs: DURATION_MS,
              sources: [
                { class: 0, phases, rate: () => 40, keepAlive },
                { class: 1, phases, rate: (now) => now < 3000 ? 100 : times * POOL_CAPACITY, keepAlive }
              ]
            }
          })
          return [note(this, figures(records, LIGHT)), note(this, figures(records, HEAVY))]
        })
        for (const [light, heavy] of results) {
          assert(light.shed <= 0.01)
          assert(light.p99 <= 200)
          assert(light.goodput + heavy.goodput >= 0.95 * POOL_CAPACITY)
        }
      })
    }

    for (const times of [1.5, 3, 6]) {
      it(`each of two classes at ${times}x gets a share of the loop over ${name} connections`, function () {
        const records = simulate({
          controller: spillway(),
          durationMs: 63000,
          sources: [0, 1].map((id) => ({ class: id, phases: fiveSteps, rate: () => times * 187, keepAlive }))
        })
        const both = [0, 1].map((id) => note(this, figures(records, { fromMs: 50000, untilMs: 62000, class: id })))
        for (const { goodput, p99 } of both) {
          assert(goodput >= 0.3 * (both[0].goodput + both[1].goodput))
          assert(p99 <= 125)
        }
      })
    }

    for (const before of [0.8, 6]) {
      it(`nothing is shed from a class that returns at 0.8x ten minutes after ${before}x over ${name} connections`, function () {
        const records = silence(before, 0.8, { keepAlive, arrivals: 'clock' })
        assert.equal(note(this, figures(records, { fromMs: 605000, untilMs: 611000, class: 0 })).shed, 0)
      })
    }

    it(`a class that returns at 6x after ten minutes is limited within half a second over ${name} connections`, function () {
      const capacity = loopCapacity(fiveSteps, { keepAlive })
      const result = note(this, figures(silence(0.8, 6, { keepAlive }), { fromMs: 605500, untilMs: 611000, class: 0 }))
      assert(result.goodput >= 0.83 * capacity)
      assert(result.p99 <= 150)
    })

    it(`goodput and p99 hold with two gates in one process, first one of them at 6x, then both, over ${name} connections`, function () {
      const records = simulate({
        controllers: [spillway(), spillway()],
        durationMs: 22000,
        sources: [
          { server: 0, class: 0, phases: fiveSteps, rate: (now) => now < 12000 ? 60 : 3 * 187, keepAlive },
          { server: 1, class: 1, phases: fiveSteps, rate: (now) => now < 3000 ? 60 : 6 * 187, keepAlive }
        ]
      })
      const one = note(this, figures(records, { fromMs: 6000, untilMs: 12000, class: 0 }))
      const other = note(this, figures(records, { fromMs: 6000, untilMs: 12000, class: 1 }))
      const both = note(this, figures(records, { fromMs: 14000, untilMs: 21000 }))
      assert(one.goodput + other.goodput >= 0.8 * 187)
      assert(one.p99 <= 150 && other.p99 <= 150)
      assert(both.goodput >= 0.75 * 187)
      assert(both.p99 <= 200)
    })
  }

  it('each of two classes gets a share of a pool that both overload from a cold start', function () {
    for (const seed of [1, 2, 3]) {
      const records = simulate((pool) => {
        const phases = query(pool(POOL))
        return {
          controller: spillway(),
          seed,
          durationMs: 31000,
          sources: [0, 1].map((id) => ({ class: id, phases, rate: () => 3 * POOL_CAPACITY, keepAlive: true }))
        }
      })
      const both = [0, 1].map((id) => note(this, figures(records, { fromMs: 4000, untilMs: 30000, class: id })))
      assert(both[0].goodput + both[1].goodput >= 0.97 * POOL_CAPACITY)
      for (const { goodput, p99 } of both) {
        assert(goodput >= 0.25 * POOL_CAPACITY)
        assert(p99 <= 160)
      }
    }
  })

  for (const [workers, times] of [[2, 1.5], [2, 3], [8, 1.5], [8, 3]]) {
    it(`goodput and p99 hold with ${workers} workers at ${times}x that share a database but no information`, function () {
      const rate = (now) => (now < 4000 ? 0.5 : times) * POOL_CAPACITY / workers
      for (const seed of [1, 2, 3]) {
        const records = simulate((pool) => {
          const phases = query(pool(POOL))
          return {
            controllers: Array.from({ length: workers }, () => spillway()),
            seed,
            durationMs: 31000,
            sources: Array.from({ length: workers }, (_, server) => ({ server, phases, rate, keepAlive: true }))
          }
        })
        const result = note(this, figures(records, { fromMs: 8000, untilMs: 30000 }))
        assert(result.goodput >= 0.95 * POOL_CAPACITY)
        assert(result.p99 <= 200)
      }
    })
  }

  it("neither of two gates in one process takes the other's queue for its own service during a minute of overload", function () {
    for (const seed of [1, 2, 3]) {
      const records = simulate({
        controllers: [spillway(), spillway()],
        seed,
        durationMs: 62000,
        sources: [3, 6].map((times, server) => ({
          server, class: server, phases: fiveSteps, rate: (now) => now < 3000 ? 60 : times * 187, keepAlive: true
        }))
      })
      const result = note(this, figures(records, { fromMs: 6000, untilMs: 61000 }))
      assert(result.goodput >= 0.85 * 187)
      assert(result.p99 <= 160)
    }
  })

  it('a class with its own database is limited as usual while the database of another class hangs', function () {
    const records = simulate((pool) => {
      const hanging = query(pool(POOL))
      return {
        controller: spillway(),
        durationMs: 31000,
        sources: [
          { class: 0, phases: hanging, rate: () => 600, keepAlive: true, timeoutMs: 60000 },
          { class: 1, phases: query(pool(POOL)), rate: (now) => now < 5000 ? 100 : 3 * POOL_CAPACITY, keepAlive: true }
        ],
        script: [[4000, () => { hanging[1].io = 1e6 }]]
      }
    })
    const result = note(this, figures(records, { fromMs: 9000, untilMs: 30000, class: 1 }))
    assert(result.goodput >= 0.9 * POOL_CAPACITY)
    assert(result.p99 <= 200)
  })

  it('thirty-nine classes lose nothing while a fortieth is overloaded', function () {
    const others = Array.from({ length: 39 }, (_, i) => ({ class: i, phases: fast, rate: () => 4, keepAlive: true }))
    const records = simulate({
      controller: spillway(),
      durationMs: DURATION_MS,
      sources: [...others, { class: 99, phases: fiveSteps, rate: (now) => now < 3000 ? 50 : 3 * 187, keepAlive: true }]
    })
    const light = note(this, figures(records.filter((record) => record.class !== 99), { fromMs: 6000, untilMs: 12000 }))
    const heavy = note(this, figures(records, { ...HEAVY, class: 99 }))
    assert(light.shed <= 0.01)
    assert(heavy.goodput >= 110)
  })

  it('a slow class that has learned nothing is admitted beside an overloaded loop', function () {
    const records = simulate({
      controller: spillway(),
      durationMs: DURATION_MS,
      sources: [
        { class: 0, phases: slow, rate: (now) => now < 6000 ? 0 : 20, keepAlive: true },
        { class: 1, phases: fiveSteps, rate: () => 3 * 187, keepAlive: true }
      ]
    })
    const result = note(this, figures(records, { fromMs: 6000, untilMs: 12000, class: 0, usefulMs: 2400 }))
    assert(result.shed <= 0.05)
  })

  function silence (before, after, { keepAlive, arrivals }) {
    const capacity = loopCapacity(fiveSteps, { keepAlive })
    const rate = (now) => now < 5000 ? before * capacity : now < 605000 ? 0 : after * capacity
    return simulate({
      controller: spillway(),
      durationMs: 612000,
      sources: [{ class: 0, phases: fiveSteps, rate, keepAlive, arrivals }, { class: 1, phases: fast, rate: () => 20, keepAlive }]
    })
  }
})

describe('many small classes that share a resource', () => {
  const SLOTS = 10
  const SERVICE_MS = 100
  const CAPACITY = 100
  const CLASSES = 100
  const WARM_MS = 20000
  const OVER = { fromMs: 10000, untilMs: 19000, usefulMs: 400 }

  function run (classes, { seed, warm }) {
    const before = warm ? WARM_MS : 0
    const rate = (now) => (now < before ? 0.8 : 3) * CAPACITY / classes
    const records = simulate((pool) => {
      const phases = query(pool(SLOTS), SERVICE_MS)
      return {
        controller: spillway(),
        seed,
        durationMs: before + 20000,
        sources: Array.from({ length: classes }, (_, id) => ({ class: id, phases, rate, keepAlive: true }))
      }
    })
    return [0, 1].map((second) => figures(records, second === 0
      ? { fromMs: 0, untilMs: before, usefulMs: 400 }
      : { ...OVER, fromMs: before + OVER.fromMs, untilMs: before + OVER.untilMs }))
  }

  it('behave like a single class while a hundred of them become separate at 3x', function () {
    const controller = spillway()
    const sources = []
    const records = simulate((pool) => {
      const phases = query(pool(SLOTS), SERVICE_MS)
      for (let i = 0; i < CLASSES; i++) sources.push({ class: 0, phases, rate: () => 3 * CAPACITY / CLASSES, keepAlive: true })
      const split = (_, i) => [5000 + 20 * i, () => {
        controller.split(i + 1, 1 / (CLASSES - i))
        sources[i].class = i + 1
      }]
      return { controller, durationMs: 20000, sources, script: Array.from({ length: CLASSES }, split) }
    })
    const single = note(this, figures(records, { fromMs: 3000, untilMs: 5000, usefulMs: 400 }))
    for (const fromMs of [5000, 7000, 9000, 14000]) {
      const many = note(this, figures(records, { fromMs, untilMs: fromMs + 2000, usefulMs: 400 }))
      assert(many.p50 <= 1.5 * single.p50)
      assert(many.p99 <= 1.5 * single.p99)
      assert(many.goodput >= 0.9 * CAPACITY)
    }
  })

  it('shed nothing if each of fifty mixes requests of 1 ms and 300 ms', function () {
    const sources = Array.from({ length: 50 }, (_, id) =>
      [1, 300].map((io) => ({ class: id, phases: beside(io), rate: () => 2, keepAlive: true }))).flat()
    const records = simulate({ controller: spillway(), durationMs: 31000, sources })
    assert.equal(note(this, figures(records, { fromMs: 0, untilMs: 30000 })).shed, 0)
  })

  it('shed nothing if fifty different ones appear one after another, with pauses of 100 ms', function () {
    const sources = Array.from({ length: 50 }, (_, id) => (
      { class: id, phases: beside([1, 30, 300, 2000][id % 4]), rate: (now) => now > id * 700 ? 1 : 0, keepAlive: true }))
    const records = simulate({ controller: spillway(), durationMs: 61000, pauses: { everyMs: 1000, lastMs: 100 }, sources })
    assert.equal(note(this, figures(records, { fromMs: 0, untilMs: 58000 })).shed, 0)
  })

  it('lose nothing if they do not use the pool that three others overload', function () {
    const others = Array.from({ length: 50 }, (_, id) => (
      { class: id, phases: beside([1, 30, 300][id % 3]), rate: () => 2, keepAlive: true }))
    const records = simulate((pool) => {
      const phases = query(pool(2), SERVICE_MS)
      const over = [60, 61, 62].map((id) => ({ class: id, phases, rate: (now) => now < 10000 ? 4 : 20, keepAlive: true }))
      return { controller: spillway(), durationMs: 61000, sources: [...others, ...over] }
    })
    const window = { fromMs: 12000, untilMs: 59000, usefulMs: 600 }
    const free = note(this, figures(records.filter((record) => record.class < 60), window))
    const held = note(this, figures(records.filter((record) => record.class >= 60), window))
    assert.equal(free.shed, 0)
    assert(held.goodput >= 0.9 * 20)
  })

  for (const warm of [false, true]) {
    for (const seed of [1, 2, 3]) {
      it(`behave like a single class on one pool at 3x, ${warm ? 'after 20 s of 0.8x' : 'from a cold start'}, seed ${seed}`, function () {
        const [, single] = run(1, { seed, warm })
        const [before, many] = run(CLASSES, { seed, warm })
        note(this, single)
        note(this, many)
        assert.equal(before.shed, 0)
        assert(many.p50 <= 1.5 * single.p50)
        assert(many.goodput >= 0.9 * CAPACITY)
        assert.equal(many.failures, 0)
      })
    }
  }
})
