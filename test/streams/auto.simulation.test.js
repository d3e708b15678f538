'use strict'

const assert = require('node:assert/strict')

const { note } = require('../simulator/note')
const { auto, fixed, simulateStream, Downstream, streamFigures } = require('../simulator/stream')
const { ms } = require('../simulator/units')

const SEEDS = [1, 2, 3]

/** Service times, in ms. */
const spread = (mean) => (random) => random.around(mean, 0.2)
const exponential = (mean) => (random) => random.exponential(mean)
const bimodal = (random) => random.uniform() < 0.9 ? 1 : 300
const BIMODAL_MEAN = 0.9 * 1 + 0.1 * 300

/** Returns a handler that waits `besideMs` without using the event loop, and then uses it for `cpuMs`. */
const onTheLoop = (cpuMs, besideMs = 0) => (world, now, settle) => {
  world.agenda.at(now + ms(besideMs), (time) => world.loop.run(time, cpuMs, settle))
}

/** Runs a scenario with 'auto' and with a number, and returns the figures of both. */
function compare (scenario, number, windows) {
  return [auto(), fixed(number)].map((limit) => {
    const result = simulateStream({ ...scenario(), limit })
    return windows.map((window) => streamFigures(result, window))
  })
}

/** Changes `[slots, serviceMs]` after 15 s, and returns the figures of the 20 s that begin `afterMs` later. */
function afterStep (service, [slots, serviceMs], [slotsAfter, serviceMsAfter], seed, afterMs = 8000) {
  const downstream = new Downstream(slots, service(serviceMs))
  const step = (world, now) => {
    downstream.slots = slotsAfter
    downstream.serviceMs = service(serviceMsAfter)
    downstream.serve(world, now)
  }
  const result = simulateStream({ handler: downstream.handler, seed, durationMs: 35000 + afterMs, script: [[15000, step]] })
  return streamFigures(result, { fromMs: 15000 + afterMs, untilMs: 35000 + afterMs })
}

describe("concurrency: 'auto', on a virtual clock,", () => {
  for (const [name, service] of [['nearly equal', spread(50)], ['exponential', exponential(50)]]) {
    it(`follows a downstream from 20 slots to 5 and back to 20 with ${name} service times: within 10 % of the best number, ` +
      'and less than twice the no-load response time, 5 s after each change', function () {
      for (const seed of SEEDS) {
        const windows = [[5000, 20000], [25000, 40000], [45000, 60000]].map(([fromMs, untilMs]) => ({ fromMs, untilMs }))
        const scenario = () => {
          const downstream = new Downstream(20, service)
          return {
            handler: downstream.handler,
            seed,
            durationMs: 60000,
            script: [[20000, () => { downstream.slots = 5 }], [40000, (world, now) => {
              downstream.slots = 20
              downstream.serve(world, now)
            }]]
          }
        }
        const [found, best] = compare(scenario, 20, windows)
        found.forEach((figures, index) => {
          note(this, figures)
          assert(figures.rate >= 0.9 * best[index].rate)
          assert(figures.response < 2 * 50)
        })
      }
    })

    it(`finds the number again when a downstream with ${name} service times becomes 3x slower permanently, and does not ` +
      'drift in ten minutes', function () {
      for (const seed of SEEDS) {
        const downstream = new Downstream(20, service)
        const slower = (random) => 3 * service(random)
        const result = simulateStream({
          handler: downstream.handler,
          seed,
          durationMs: 600000,
          script: [[20000, () => { downstream.serviceMs = slower }]]
        })
        const soon = note(this, streamFigures(result, { fromMs: 30000, untilMs: 60000 }))
        const later = note(this, streamFigures(result, { fromMs: 540000, untilMs: 600000 }))
        assert(soon.rate >= 0.85 * 20 / 0.15)
        assert(later.rate >= 0.9 * 20 / 0.15)
        assert(later.response < 2 * 150)
      }
    })
  }

  it('knows the no-load response time within 5 s after a downstream has become 3x faster', function () {
    for (const seed of SEEDS) {
      const downstream = new Downstream(20, spread(60))
      const result = simulateStream({
        handler: downstream.handler,
        seed,
        durationMs: 30000,
        script: [[15000, () => { downstream.serviceMs = spread(20) }]]
      })
      const { rate, response } = note(this, streamFigures(result, { fromMs: 20000, untilMs: 30000 }))
      assert(rate >= 0.9 * 1000)
      assert(response < 2 * 20)
    }
  })

  // [slots, service time in ms], before and after the change.
  for (const [before, after] of [
    [[40, 50], [2, 50]], [[10, 50], [1, 50]], [[40, 50], [1, 50]], [[100, 50], [3, 50]], [[2, 50], [40, 50]], [[1, 50], [40, 50]],
    [[40, 20], [1, 20]], [[20, 50], [20, 500]], [[20, 50], [20, 5]], [[20, 50], [20, 1.25]], [[40, 50], [4, 10]]
  ]) {
    it(`follows ${before[0]} slots of ${before[1]} ms that become ${after[0]} of ${after[1]} ms: within 1.5 times the no-load response time ` +
      'and above 90 % of the throughput 8 s after the change', function () {
      for (const seed of SEEDS) {
        const { rate, response } = note(this, afterStep(spread, before, after, seed))
        assert(rate >= 0.9 * after[0] * 1000 / after[1])
        assert(response < 1.5 * after[1])
      }
    })
  }

  // With a service time of 2 s, or a queue that needs 3 s to drain, 8 s are not enough.
  for (const [before, after, afterMs, fewest] of [[[20, 50], [20, 2000], 16000, 0.9], [[40, 50], [4, 250], 8000, 0.85]]) {
    it(`eventually follows ${before[0]} slots of ${before[1]} ms that become ${after[0]} of ${after[1]} ms: within 1.5 times the no-load response time ` +
      `and above ${100 * fewest} % of the throughput ${afterMs / 1000} s after the change`, function () {
      for (const seed of SEEDS) {
        const { rate, response } = note(this, afterStep(spread, before, after, seed, afterMs))
        assert(rate >= fewest * after[0] * 1000 / after[1])
        assert(response < 1.5 * after[1])
      }
    })
  }

  // A single response says much less here, and 2 slots have only 320 responses in 8 s.
  it('follows 40 slots that become 2 with exponential service times: below twice the no-load response time 8 s after the change', function () {
    for (const seed of SEEDS) {
      const { rate, response } = note(this, afterStep(exponential, [40, 50], [2, 50], seed))
      assert(rate >= 0.8 * 40)
      assert(response < 2 * 50)
    }
  })

  it('does not throttle a mix of nine items of 1 ms and one of 300 ms', function () {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const result = simulateStream({ handler: new Downstream(20, bimodal).handler, seed, durationMs: 120000 })
      const { rate, response } = note(this, streamFigures(result, { fromMs: 30000, untilMs: 120000 }))
      assert(rate >= 0.9 * 20000 / BIMODAL_MEAN)
      assert(response < 2 * BIMODAL_MEAN)
    }
  })

  for (const [slots, fewest] of [[1, 0.9], [100, 0.9], [500, 0.9]]) {
    it(`uses a downstream fully and without a queue (slots: ${slots})`, function () {
      for (const seed of SEEDS) {
        const result = simulateStream({ handler: new Downstream(slots, spread(50)).handler, seed, durationMs: 30000 })
        const { rate, response } = note(this, streamFigures(result, { fromMs: 5000, untilMs: 30000 }))
        assert(rate >= fewest * slots * 20)
        assert(response < 2 * 50)
      }
    })
  }

  it('finds the number for responses of 2 s, though slowly', function () {
    const result = simulateStream({ handler: new Downstream(20, spread(2000)).handler, durationMs: 200000 })
    const { rate, response } = note(this, streamFigures(result, { fromMs: 40000, untilMs: 200000 }))
    assert(rate >= 0.9 * 10)
    assert(response < 2 * 2000)
  })

  it('runs one or two handlers that only use CPU, because more would queue on the event loop', function () {
    const { rate, limit } = note(this, streamFigures(simulateStream({ handler: onTheLoop(5), durationMs: 20000 }),
      { fromMs: 1000, untilMs: 20000 }))
    assert(rate >= 0.95 * 200)
    assert(limit < 2.5)
  })

  it('rises until the event loop is busy, and no further, with handlers of 1 ms of CPU after 50 ms elsewhere', function () {
    const { rate, response } = note(this, streamFigures(simulateStream({ handler: onTheLoop(1, 50), durationMs: 30000 }),
      { fromMs: 5000, untilMs: 30000 }))
    assert(rate >= 0.9 * 1000)
    assert(response < 1.5 * 51)
  })

  it('keeps the number lower because of event-loop lag with long responses and much CPU', function () {
    const [seen, unseen] = [true, false].map((lagIsSeen) => {
      const delays = []
      const look = (world, now) => delays.push(world.loop.delay(now) / ms(1))
      const result = simulateStream({
        handler: onTheLoop(4, 2000),
        durationMs: 150000,
        script: Array.from({ length: 1000 }, (_, index) => [50000 + 100 * index, look]),
        lagIsSeen
      })
      const { rate } = streamFigures(result, { fromMs: 50000, untilMs: 150000 })
      return note(this, { rate, lateMs: delays.reduce((sum, delay) => sum + delay) / delays.length })
    })
    assert(seen.rate >= 0.9 * 250)
    assert(seen.lateMs < 0.5 * unseen.lateMs)
  })

  it('does not slow down handlers that return at once', function () {
    const [[found], [best]] = compare(() => ({ handler: onTheLoop(0.002), durationMs: 1000 }), 16, [{ fromMs: 200, untilMs: 1000 }])
    note(this, found)
    assert(found.rate >= 0.95 * best.rate)
    assert(found.limit < 4)
  })

  it('uses the full rate of a rate limiter that delays requests', function () {
    let next = 0
    const handler = (world, now, settle) => {
      next = Math.max(now, next + ms(10))
      settle(next + ms(50))
    }
    const { rate, response } = note(this, streamFigures(simulateStream({ handler, durationMs: 30000 }),
      { fromMs: 5000, untilMs: 30000 }))
    assert(rate >= 0.95 * 100)
    assert(response < 2 * 60)
  })

  for (const refusalMs of [1, 20]) {
    it(`causes no storm of refusals with a rate limiter that refuses within ${refusalMs} ms`, function () {
      for (const seed of SEEDS) {
        let tokens = 0
        let last = 0
        const handler = (world, now, settle) => {
          tokens = Math.min(10, tokens + (now - last) / ms(10))
          last = now
          if (tokens < 1) return settle(now + ms(refusalMs), false)
          tokens--
          settle(now + ms(world.random.around(50, 0.2)))
        }
        const { rate, limit } = note(this, streamFigures(simulateStream({ handler, seed, durationMs: 30000 }),
          { fromMs: 5000, untilMs: 30000 }))
        assert(rate >= 0.95 * 100)
        assert(limit < 10)
      }
    })
  }

  it('counts failed items that take as long as the others', function () {
    for (const seed of SEEDS) {
      const { handler } = new Downstream(20, spread(50))
      const failing = (world, now, settle) => handler(world, now, (time) => settle(time, world.random.uniform() < 0.5))
      const { rate, response } = note(this, streamFigures(simulateStream({ handler: failing, seed, durationMs: 30000 }),
        { fromMs: 5000, untilMs: 30000 }))
      assert(rate >= 0.9 * 200)
      assert(response < 2 * 50)
    }
  })

  it('replaces the slots of handlers that never settle', function () {
    for (const seed of SEEDS) {
      const { handler } = new Downstream(20, spread(50))
      let hung = 0
      const hanging = (world, now, settle) => {
        if (hung < 30 && world.random.uniform() < 0.002) hung++
        else handler(world, now, settle)
      }
      const result = simulateStream({ handler: hanging, seed, durationMs: 60000 })
      const { rate, response } = note(this, streamFigures(result, { fromMs: 5000, untilMs: 60000 }))
      assert.equal(note(this, { hung }).hung, 30)
      assert(rate >= 0.9 * 400)
      assert(response < 2 * 50)
    }
  })

  it('continues when half of the handlers in flight hang at once', function () {
    for (const seed of SEEDS) {
      const { handler } = new Downstream(20, spread(50))
      let left = 12
      const hanging = (world, now, settle) => {
        if (now < ms(10000) || left <= 0) handler(world, now, settle)
        else left--
      }
      const result = simulateStream({ handler: hanging, seed, durationMs: 40000 })
      const { rate } = note(this, streamFigures(result, { fromMs: 20000, untilMs: 40000 }))
      assert(rate >= 0.9 * 400)
    }
  })

  it('keeps the number while the source is slow, and uses it when the source is fast again', function () {
    let given = 0
    const { handler } = new Downstream(20, spread(50))
    const wants = (now) => {
      if (now < 10000 || now >= 20000) return true
      return given < (now - 10000) / 10 && ++given > 0
    }
    const result = simulateStream({ handler, wants, durationMs: 30000 })
    const before = streamFigures(result, { fromMs: 5000, untilMs: 10000 })
    const during = note(this, streamFigures(result, { fromMs: 12000, untilMs: 20000 }))
    const after = note(this, streamFigures(result, { fromMs: 20500, untilMs: 30000 }))
    assert(during.rate <= 110)
    assert(during.limit >= 0.8 * before.limit)
    assert(after.rate >= 0.9 * 400)
  })

  it('stays below the number of sockets that a process may open when nothing else limits it', function () {
    const { limit } = note(this, streamFigures(simulateStream({ handler: onTheLoop(0.01, 50), durationMs: 10000 }),
      { fromMs: 5000, untilMs: 10000 }))
    assert(limit > 900 && limit <= 1000)
  })
})
