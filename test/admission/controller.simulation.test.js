'use strict'

const assert = require('node:assert/strict')
const Bench = require('../simulator/bench')
const { ms } = require('../simulator/units')

const ADMIT = 0
const IN_FLIGHT = 2
const MAX_IN_FLIGHT = 3
const COMPLETED = 0
const ABANDONED = 1
const DETACHED = 2
// Takes the place of the admission time of a request that was refused in a dry run.
const GHOST = 0

const refused = (verdicts) => verdicts.filter((verdict) => verdict !== ADMIT).length

describe('the concurrency limit', () => {
  /** Creates a class with a learned no-load response time, which then queues. */
  function queueing ({ id = 0, options } = {}) {
    const bench = new Bench(options)
    bench.traffic(3000, { id })
    bench.traffic(1000, { id, rate: 400, responseMs: 400 })
    return bench
  }

  it('follows the no-load response time and the rate of a class', () => {
    const bench = new Bench()
    bench.traffic(4000, { rate: 100, responseMs: 50 })
    const { noLoadNs, rate, inFlight } = bench.class()
    assert(Math.abs(noLoadNs - ms(50)) <= ms(1))
    assert(Math.abs(rate - 100) <= 3)
    assert(Math.abs(inFlight - 5) <= 1)
  })

  it('refuses nothing while responses take no longer than without a queue, however many are in flight', () => {
    const bench = new Bench()
    bench.traffic(3000, { rate: 20, responseMs: 2000 })
    assert.equal(refused(bench.traffic(5000, { rate: 400, responseMs: 2000 })), 0)
    assert(bench.class().inFlight > 700)
  })

  it('restricts a queueing class to the requests that it completes in the no-load response time plus the allowed queueing', () => {
    const bench = queueing()
    const { state, capacity, cap, inFlight } = bench.class()
    assert.notEqual(state, 'free')
    assert(inFlight <= cap)
    assert(cap <= capacity * 0.107 + 3)
    while (bench.class().inFlight < cap) bench.arrive()
    assert.equal(bench.arrive(), IN_FLIGHT)
  })

  it('of one class does not affect other classes', () => {
    const bench = queueing({ id: 7 })
    while (bench.class(7).inFlight < bench.class(7).cap) bench.arrive(7)
    assert.equal(bench.arrive(7), IN_FLIGHT)
    assert.equal(bench.arrive(8), ADMIT)
    assert.equal(refused(bench.traffic(1000, { id: 255 })), 0)
  })

  it('is removed when nothing was refused for half a second', () => {
    const bench = queueing()
    bench.pass(600)
    bench.traffic(1500, { rate: 20 })
    assert.equal(bench.class().state, 'free')
    assert.equal(refused(bench.traffic(1000)), 0)
  })

  it('learns that the service has become slower permanently', () => {
    const bench = queueing()
    bench.pass(600)
    bench.traffic(5000, { rate: 100, responseMs: 200 })
    assert(Math.abs(bench.class().noLoadNs - ms(200)) <= ms(5))
    assert.equal(refused(bench.traffic(2000, { rate: 100, responseMs: 200 })), 0)
  })

  it('is not misled by one slow response, or by a class of fast and slow responses', () => {
    const bench = new Bench()
    bench.traffic(3000)
    bench.request({ responseMs: 1000 })
    assert.equal(refused(bench.traffic(3000)), 0)
    for (let i = 0; i < 400; i++) {
      assert.equal(bench.request({ id: 1, responseMs: i % 7 < 3 ? 300 : 1 }), ADMIT)
      bench.pass(17)
    }
  })

  it('restricts a burst while the loop is late, whatever the no-load response time', () => {
    const bench = new Bench()
    bench.pass(10)
    for (let i = 0; i < 200; i++) {
      bench.request({ responseMs: 5 })
      bench.pass(10, { busyMs: 0.5 })
    }
    const { burst } = bench.class()
    assert(burst > 20 && burst < 50)
    bench.longTurn(30)
    const verdicts = Array.from({ length: 200 }, () => bench.arrive())
    assert.equal(verdicts[19], ADMIT)
    assert.equal(verdicts[199], IN_FLIGHT)
  })

  it('always admits one request of a class', () => {
    const bench = new Bench()
    bench.traffic(2000, { responseMs: 5 })
    bench.longTurn(30)
    for (let i = 0; i < 200; i++) bench.arrive()
    assert.equal(bench.arrive(1), ADMIT)
    assert.equal(bench.arrive(1), IN_FLIGHT)
  })

  it('learns only from completed requests', () => {
    const bench = new Bench()
    bench.traffic(2000, { outcome: ABANDONED })
    bench.traffic(2000, { outcome: DETACHED })
    const { rate, noLoadNs, inFlight } = bench.class()
    assert.deepEqual({ rate, noLoadNs }, { rate: 0, noLoadNs: 0 })
    assert(inFlight <= 6)
  })

  it('follows how long the slowest recent request took, completed or abandoned', () => {
    const bench = new Bench()
    const longestMs = () => bench.class().longestNs / ms(1)
    const end = (responseMs, outcome) => {
      const start = bench.now
      bench.arrive()
      bench.pass(responseMs)
      bench.depart(0, start, outcome)
    }
    assert.equal(longestMs(), 0)
    end(900, DETACHED)
    assert.equal(longestMs(), 0)
    end(10, COMPLETED)
    assert.equal(longestMs(), 10)
    end(200, ABANDONED)
    assert.equal(longestMs(), 200)
    for (let i = 0; i < 64; i++) end(10, COMPLETED)
    assert(longestMs() > 60 && longestMs() < 100, 'it decays')
    end(300, COMPLETED)
    assert.equal(longestMs(), 300)
  })

  it('loses no place, and gives none away twice', () => {
    const bench = queueing()
    for (const outcome of [COMPLETED, ABANDONED, DETACHED]) bench.traffic(1000, { rate: 300, responseMs: 100, outcome })
    bench.pass(1000)
    assert.equal(bench.class().inFlight, 0)
    assert.equal(bench.gate.inFlight, 0)
    bench.depart(0, bench.now)
    assert.equal(bench.class().inFlight, 0)
    assert.equal(bench.gate.inFlight, 0)
  })
})

describe('a class that was a part of class 0', () => {
  it('begins with the no-load response time of class 0, which its own responses replace', () => {
    const bench = new Bench()
    bench.traffic(3000)
    bench.controller.split(1, 0.5)
    assert.equal(bench.class(1).noLoadNs, bench.class(0).noLoadNs)
    assert.equal(bench.class(1).state, 'free')
    assert.deepEqual(refused(bench.traffic(8000, { id: 1, rate: 10, responseMs: 80 })), 0)
    assert(bench.class(1).noLoadNs > ms(70))
  })

  it('begins with an enforced limit if class 0 has one, and both together complete as much as class 0 did', () => {
    for (const share of [0.02, 0.6]) {
      const bench = new Bench()
      bench.traffic(3000)
      bench.traffic(1000, { rate: 400, responseMs: 400 })
      while (bench.class(0).state !== 'limiting') bench.traffic(100, { rate: 400 })
      const { capacity, cap } = bench.class(0)
      bench.controller.split(1, share)
      assert.equal(bench.class(1).state, 'limiting')
      assert.equal(bench.class(1).stateReason, 'separated')
      assert(bench.class(0).capacity < (1.01 - share) * capacity)
      assert(bench.class(0).cap + bench.class(1).cap <= cap + 2)
      const places = bench.class(1).cap
      for (let i = 0; i < places; i++) assert.equal(bench.arrive(1), ADMIT)
      assert.equal(bench.arrive(1), IN_FLIGHT)
    }
  })
})

describe('a class whose number is given to another', () => {
  it('leaves no figures behind', () => {
    const bench = new Bench()
    bench.traffic(2000, { id: 1, rate: 100, responseMs: 50 })
    bench.pass(1000)
    assert.ok(bench.class(1).noLoadNs >= ms(50))
    assert.equal(bench.controller.forget(1), true)
    assert.deepEqual(bench.class(1), bench.class(2))
  })

  it('keeps its number while one of its requests is in flight, even a refused one in a dry run', () => {
    for (const dryRun of [false, true]) {
      const bench = new Bench({ dryRun, maxInFlight: 1 })
      const start = bench.now
      bench.arrive(1)
      bench.arrive(1)
      assert.equal(bench.controller.forget(1), false)
      bench.depart(1, start)
      assert.equal(bench.controller.forget(1), !dryRun)
      bench.depart(1, GHOST, ABANDONED)
      assert.equal(bench.controller.forget(1), true)
    }
  })
})

describe('the admission controller', () => {
  it('applies maxInFlight to all classes together, with and without maxDelay', () => {
    for (const maxDelayMs of [100, 0]) {
      const bench = new Bench({ maxDelayMs, maxInFlight: 3 })
      const start = bench.now
      assert.deepEqual([0, 1, 2, 3].map((id) => bench.arrive(id)), [ADMIT, ADMIT, ADMIT, MAX_IN_FLIGHT])
      bench.depart(1, start)
      assert.equal(bench.arrive(3), ADMIT)
      assert.equal(bench.arrive(3), MAX_IN_FLIGHT)
    }
  })

  it('admits everything if maxDelay is 0', () => {
    const bench = new Bench({ maxDelayMs: 0 })
    assert.equal(refused(bench.traffic(1000, { waitedMs: 5000 })), 0)
    assert.equal(refused(bench.traffic(3000, { rate: 400, responseMs: 3000 })), 0)
  })

  it('counts refused requests in a dry run, but gives them no place', () => {
    const bench = new Bench({ dryRun: true, maxInFlight: 2 })
    const start = bench.now
    assert.deepEqual([0, 0, 0, 0].map((id) => bench.arrive(id)), [ADMIT, ADMIT, MAX_IN_FLIGHT, MAX_IN_FLIGHT])
    for (const outcome of [ABANDONED, COMPLETED]) {
      bench.depart(0, GHOST, outcome)
      assert.equal(bench.gate.inFlight, 2)
    }
    for (const left of [1, 0]) {
      bench.depart(0, start)
      assert.equal(bench.gate.inFlight, left)
    }
    assert.equal(bench.arrive(), ADMIT)
  })

  it('lets a refused request that completes in a dry run free the place of the oldest admitted one', () => {
    const bench = new Bench({ dryRun: true, maxDelayMs: 0, maxInFlight: 1 })
    bench.traffic(2000, { rate: 10, responseMs: 50 })
    bench.pass(100)
    const start = bench.now
    assert.equal(bench.arrive(), ADMIT)
    for (let i = 0; i < 2; i++) assert.equal(bench.arrive(), MAX_IN_FLIGHT)
    bench.pass(40)
    bench.depart(0, GHOST)
    assert.equal(bench.gate.inFlight, 1)
    bench.pass(20)
    bench.depart(0, GHOST)
    assert.equal(bench.gate.inFlight, 0)
    assert.equal(bench.controller.forget(0), false)
    assert.equal(bench.arrive(), ADMIT)
    bench.depart(0, start)
    assert.equal(bench.gate.inFlight, 1, 'its place was already free')
  })

  it('counts 1,200 requests in a dry run as refused if they arrive while the only place is taken for 1 s', () => {
    const bench = new Bench({ dryRun: true, maxInFlight: 1 })
    const verdicts = Array.from({ length: 1200 }, () => {
      const verdict = bench.arrive()
      bench.pass(1)
      return verdict
    })
    assert.equal(refused(verdicts), 1199)
  })

  it('does not probe in a dry run, and so does not mistake a queue for a slower service', () => {
    const bench = new Bench({ dryRun: true })
    const present = []
    for (let i = 0; i < 6000; i++) {
      for (let n = 0; n < (i < 300 ? 1 : 3); n++) {
        present.push(bench.arrive() === ADMIT ? bench.now : GHOST)
      }
      bench.pass(10)
      if (present.length > 5) bench.depart(0, present.shift())
    }
    assert.equal(bench.class().state, 'limiting')
    assert(bench.class().noLoadNs <= ms(60))
  })

  it('is kept alive by its detached methods', () => {
    let { arrive, snapshot } = new Bench().controller
    globalThis.gc?.()
    assert.equal(arrive(1, 0, 0, 0), ADMIT)
    assert.equal(snapshot().inFlight, 1)
    arrive = snapshot = undefined
  })

  it('measures no huge response time for a request that ends before the rounded time of its admission', () => {
    const bench = new Bench()
    bench.pass(10)
    for (let i = 0; i < 200; i++) {
      assert.equal(bench.arrive(1), ADMIT)
      bench.depart(1, bench.now + 1)
      bench.pass(1)
    }
    bench.pass(500)
    const { noLoadNs, longestNs } = bench.class(1)
    assert.ok(noLoadNs < ms(1) && longestNs < ms(1), `${noLoadNs}, ${longestNs} ns`)
  })
})
