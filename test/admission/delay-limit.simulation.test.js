'use strict'

const assert = require('node:assert/strict')
const Bench = require('../simulator/bench')
const { ms } = require('../simulator/units')

const ADMIT = 0
const QUEUE_DELAY = 1

const MAX_DELAY_MS = 100
// A loop that is never idle.
const SATURATED = { busyMs: 1 }

const refused = (verdicts) => verdicts.filter((verdict) => verdict !== ADMIT).length

/** Half of the loop's time is used: 100 requests a second of 5 ms. */
function atHalfLoad (options) {
  const bench = new Bench(options)
  bench.traffic(10_000, { rate: 100, responseMs: 5, busyMs: 0.5 })
  return bench
}

/** A queue stands: for longer than a burst may last, most requests have waited long and the loop has not been idle. */
function queueing (options) {
  const bench = new Bench(options)
  bench.traffic(2000, { rate: 200, responseMs: 5, waitedMs: 80, ...SATURATED })
  assert.equal(bench.gate.queueing, true)
  return bench
}

describe('the delay limit without a queue', () => {
  for (const [load, limitMs] of [[0.25, 750], [0.5, 500], [0.75, 250]]) {
    it(`is ${limitMs} ms at a load of ${load}, because the loop works off such a backlog within ten times maxDelay`, () => {
      const bench = new Bench()
      bench.traffic(30_000, { rate: 200 * load, responseMs: 5, busyMs: load })
      assert(Math.abs(bench.gate.load - load) < 0.02, `${bench.gate.load}`)
      assert.equal(bench.arrive(0, limitMs - 20), ADMIT)
      assert.equal(bench.arrive(0, limitMs + 20), QUEUE_DELAY)
    })
  }

  it('does not grow because connections are accepted and then send no request', () => {
    const bench = atHalfLoad()
    const before = bench.gate.delayLimitNs
    bench.pass(100, { busyMs: 0.5, queued: 60 })
    bench.pass(100, { busyMs: 0.5, queued: 0 })
    assert(bench.gate.load >= 0 && bench.gate.delayLimitNs <= before)
  })

  it('scales with maxDelay', () => {
    const bench = atHalfLoad({ maxDelayMs: 20 })
    assert.equal(bench.arrive(0, 95), ADMIT)
    assert.equal(bench.arrive(0, 105), QUEUE_DELAY)
  })

  it('is maxDelay plus two ticks of the clock if the loop has no time to spare', () => {
    const bench = new Bench()
    bench.traffic(30_000, { rate: 200, responseMs: 5, busyMs: 1 })
    assert.equal(bench.gate.queueing, false)
    assert.equal(bench.arrive(0, 100), ADMIT)
    assert.equal(bench.arrive(0, 108), ADMIT)
    assert.equal(bench.arrive(0, 112), QUEUE_DELAY)
  })

  /** The loop is busy, but nothing queues. */
  function busy () {
    const bench = new Bench()
    bench.traffic(30_000, { rate: 196, responseMs: 5, busyMs: 0.98 })
    return bench
  }

  it('excuses the wait that a pause caused, less a third of the time since then', () => {
    for (const [later, forgiven] of [[0, 200], [300, 100], [600, 8]]) {
      const verdicts = [-4, 4].map((more) => {
        const bench = busy()
        bench.longTurn(200)
        bench.traffic(later, { rate: 200, responseMs: 5, busyMs: 1 })
        return bench.arrive(0, MAX_DELAY_MS + forgiven + more)
      })
      assert.deepEqual(verdicts, [ADMIT, QUEUE_DELAY], `${later} ms later`)
    }
  })

  it('excuses the waits that several pauses caused together, up to five times maxDelay', () => {
    for (const [pauses, forgiven] of [[1, 200], [2, 400], [3, 500]]) {
      const verdicts = [-8, 8].map((more) => {
        const bench = busy()
        for (let i = 0; i < pauses; i++) bench.longTurn(200)
        return bench.arrive(0, MAX_DELAY_MS + forgiven + more)
      })
      assert.deepEqual(verdicts, [ADMIT, QUEUE_DELAY], `${pauses} pauses`)
    }
  })

  it('excuses the wait while the loop had to share its processor, unless it always has to', () => {
    for (const [sharedMs, excused] of [[300, true], [30_000, false]]) {
      const verdicts = [180, 220].map((wait) => {
        const bench = busy()
        for (let i = 0; i < sharedMs / 20; i++) {
          for (let n = 0; n < 4; n++) bench.request({ responseMs: 5 })
          bench.now += ms(20)
          bench.controller.turn(bench.now, ms(20), 0, ms(15))
        }
        return bench.arrive(0, MAX_DELAY_MS + wait)
      })
      // 15 ms are lost in each turn, and a third of the other 5 ms is worked off.
      assert.deepEqual(verdicts, [excused ? ADMIT : QUEUE_DELAY, QUEUE_DELAY], `${sharedMs} ms`)
    }
  })

  it('does not excuse waits because many requests began in one turn', () => {
    const verdicts = [10, 40].map((requests) => {
      const bench = busy()
      for (let turn = 0; turn < 3; turn++) {
        for (let i = 0; i < requests; i++) bench.request({ queued: 0, responseMs: 1 })
        bench.longTurn(200)
      }
      return bench.arrive(0, MAX_DELAY_MS + 250)
    })
    assert.deepEqual(verdicts, [ADMIT, QUEUE_DELAY])
  })

  it('excuses the wait that the running turn causes', () => {
    const bench = busy()
    bench.now += ms(150)
    assert.equal(bench.arrive(0, 240), ADMIT)
    assert.equal(bench.arrive(0, 260), QUEUE_DELAY)
  })

  it('does not apply to a burst of connections that is being worked off', () => {
    const verdicts = [0, 0.45, 1].map((part) => {
      const bench = atHalfLoad()
      // 60 connections come at once. 40 are accepted in 200 ms, while others come.
      for (let i = 0; i < 40; i++) {
        bench.request({ waitedMs: 90, responseMs: 5 })
        bench.pass(5, { busyMs: 1, queued: 60 - i + Math.floor(i * part) })
      }
      return [bench.arrive(0, 4990), bench.arrive(0, 5010), bench.arrive(0, 600, 0)]
    })
    assert.deepEqual(verdicts, [
      [ADMIT, QUEUE_DELAY, QUEUE_DELAY],
      [ADMIT, QUEUE_DELAY, QUEUE_DELAY],
      [QUEUE_DELAY, QUEUE_DELAY, QUEUE_DELAY]
    ])
  })

  it('does not take connections for new ones because the accept queue was not watched before', () => {
    const bench = new Bench()
    bench.traffic(10_000, { rate: 200, responseMs: 5, busyMs: 0.2 })
    for (let i = 0; i < 200; i++) {
      bench.request({ waitedMs: 90, responseMs: 5 })
      bench.pass(5, { busyMs: 0.2, queued: i < 100 ? 0 : 250 - i })
      if (i > 101) assert.equal(bench.arrive(0, 1990), ADMIT, `turn ${i}`)
    }
  })

  it('treats a burst at the start as one that is worked off', () => {
    const bench = new Bench()
    bench.longTurn(30)
    const verdicts = []
    // A cold server needs 10 ms for each of 32 requests that came at once.
    for (let i = 0; i < 32; i++) {
      verdicts.push(bench.request({ waitedMs: 30 + 10 * i, responseMs: 10 }))
      bench.pass(10, { busyMs: 1, queued: 31 - i })
    }
    assert.equal(refused(verdicts), 0)
  })
})

describe('a queue', () => {
  it('stands if most waits are above half of maxDelay while the loop is never idle', () => {
    assert.deepEqual([40, 60].map((waitedMs) => {
      const bench = new Bench()
      bench.traffic(2000, { rate: 200, responseMs: 5, waitedMs, ...SATURATED })
      return bench.gate.queueing
    }), [false, true])
  })

  it('stands if more arrives than the loop can do, before it has been busy for a second', () => {
    const bench = atHalfLoad()
    for (let i = 0; i < 60; i++) {
      bench.request({ waitedMs: 60, responseMs: 5 })
      bench.pass(5, { ...SATURATED, queued: 3 * i })
    }
    assert(bench.gate.load > 1)
    assert.equal(bench.gate.queueing, true)
  })

  it('does not stand because of three late requests, but because of four, even if they come in different intervals', () => {
    for (const [late, isQueue] of [[3, false], [4, true]]) {
      const bench = new Bench()
      bench.traffic(2000, { rate: 200, responseMs: 5, ...SATURATED })
      bench.pass(150, SATURATED)
      for (let i = 0; i < late; i++) {
        bench.request({ waitedMs: 60, responseMs: 5 })
        bench.pass(101, SATURATED)
      }
      assert.equal(bench.gate.queueing, isQueue, `${late}`)
    }
  })

  it('does not stand because of late requests between which none came for a whole interval', () => {
    const bench = new Bench()
    bench.traffic(2000, { rate: 200, responseMs: 5, ...SATURATED })
    for (let i = 0; i < 10; i++) {
      bench.request({ waitedMs: 60, responseMs: 5 })
      bench.pass(250, SATURATED)
    }
    assert.equal(bench.gate.queueing, false)
  })

  it('does not stand because the loop is never idle, if all arrivals are known', () => {
    for (const [queued, isQueue] of [[0, true], [1, false]]) {
      const bench = new Bench()
      for (let i = 0; i < 200; i++) {
        bench.request({ waitedMs: 60, queued, responseMs: 5 })
        bench.pass(10, { ...SATURATED, queued: 1 })
      }
      assert.equal(bench.gate.queueing, isQueue, queued ? 'new' : 'kept-alive')
    }
  })

  it('does not stand while the loop is idle at times, however long the waits are', () => {
    const bench = atHalfLoad()
    bench.traffic(5000, { rate: 100, responseMs: 5, waitedMs: 90, busyMs: 0.5 })
    assert.equal(bench.gate.queueing, false)
  })

  it('does not stand because of pauses', () => {
    const bench = atHalfLoad()
    for (let i = 0; i < 10; i++) {
      bench.longTurn(300)
      for (let wait = 290; wait > 0; wait -= 10) {
        assert.equal(bench.request({ waitedMs: wait, responseMs: 5 }), ADMIT)
        bench.pass(5, { busyMs: 1 })
      }
      bench.traffic(500, { rate: 100, responseMs: 5, busyMs: 0.5 })
    }
    assert.equal(bench.gate.queueing, false)
  })

  /** Ten requests every 100 ms, of which some report no wait. */
  function intervals (short, queued) {
    const bench = new Bench()
    for (let i = 0; i < 200; i++) {
      bench.request(i % 10 < short ? { waitedMs: 0, queued, responseMs: 5 } : { waitedMs: 90, responseMs: 5 })
      bench.pass(10, SATURATED)
    }
    return bench
  }

  it('stands even if up to a third of the requests report no wait, but not if more do', () => {
    for (const short of [1, 2, 3]) assert.equal(intervals(short, 1).gate.queueing, true, `${short} of 10`)
    assert.equal(intervals(4, 1).gate.queueing, false)
  })

  it('is looked for separately in the accept queue and on accepted connections', () => {
    assert.equal(intervals(9, 0).gate.queueing, true)
  })

  it('shows in the length of the accept queue, even if no request from it begins', () => {
    const bench = new Bench()
    for (let turn = 0; turn < 2000; turn++) {
      if (turn % 10 === 0) bench.request({ queued: 0, responseMs: 5 })
      bench.pass(1, { ...SATURATED, queued: 200 })
    }
    assert.equal(bench.gate.queueing, true)
  })

  it('shows in the longest of the lengths that are reported in a turn, which replace that of the thread', () => {
    const lengths = (reported, longest) => {
      const bench = new Bench()
      for (let turn = 0; turn < 2000; turn++) {
        for (const length of reported) bench.controller.queued(length)
        if (turn % 10 === 0) bench.request({ queued: 0, responseMs: 5 })
        bench.pass(1, { ...SATURATED, queued: longest })
      }
      return bench.gate.queueing
    }
    assert.equal(lengths([0, 500, 0], 0), true)
    assert.equal(lengths([0], 500), false)
  })

  it('no longer stands when almost no request was refused for two intervals', () => {
    const bench = queueing()
    bench.traffic(3000, { rate: 200, responseMs: 5, waitedMs: 110, ...SATURATED })
    assert.equal(bench.gate.queueing, true)
    bench.traffic(100, { rate: 200, responseMs: 5, waitedMs: 10, ...SATURATED })
    assert.equal(bench.gate.queueing, true)
    bench.traffic(200, { rate: 200, responseMs: 5, waitedMs: 10, ...SATURATED })
    assert.equal(bench.gate.queueing, false)
  })

  it('stands while connections are refused from the accept queue', () => {
    const bench = queueing()
    for (let i = 0; i < 10; i++) {
      bench.traffic(50, { waitedMs: 10, ...SATURATED })
      bench.controller.spilled(20)
      bench.traffic(50, { waitedMs: 10, ...SATURATED })
    }
    assert.equal(bench.gate.queueing, true)
  })

  it('stands while requests of one kind are refused: from the accept queue, or on accepted connections', () => {
    const bench = intervals(9, 0)
    for (let i = 0; i < 300; i++) {
      for (let n = 0; n < 20; n++) bench.arrive(0, 0, 0)
      bench.arrive(0, 110)
      bench.pass(10, SATURATED)
    }
    assert.equal(bench.gate.queueing, true)
  })

  it('says in the snapshot since when it stands or not, and why', () => {
    const NAMES = ['start', 'accept queue waits', 'kept-alive waits', 'accept queue length', 'few refused']
    const bench = new Bench()
    assert.equal(NAMES[bench.gate.queueReason], 'start')
    bench.traffic(2000, { rate: 200, responseMs: 5, waitedMs: 80, ...SATURATED })
    assert.equal(NAMES[bench.gate.queueReason], 'accept queue waits')
    const since = bench.gate.queueSince
    assert(bench.now - since > ms(500) && bench.now - since < ms(1500))
    bench.traffic(500, { rate: 200, responseMs: 5, ...SATURATED })
    assert.equal(NAMES[bench.gate.queueReason], 'few refused')
    const kept = new Bench()
    for (let i = 0; i < 200; i++) {
      kept.request({ waitedMs: 80, queued: 0, responseMs: 5 })
      kept.pass(10, SATURATED)
    }
    assert.equal(NAMES[kept.gate.queueReason], 'kept-alive waits')
  })
})

describe('the delay limit while a queue stands', () => {
  /** Refuses this share of the requests for a while, and returns the limit. */
  function refusing (share, { idle = 0, lasting = 200, bench = queueing() } = {}) {
    for (let i = 0; i < lasting; i++) {
      const isLate = Math.floor(i * share) !== Math.floor((i + 1) * share)
      bench.request({ waitedMs: isLate ? 110 : 1, responseMs: 5 })
      bench.pass(10, { busyMs: 1 - idle })
    }
    return bench.gate.delayLimitNs / ms(1)
  }

  it('begins at maxDelay', () => {
    const bench = queueing()
    assert.equal(bench.gate.delayLimitNs, ms(MAX_DELAY_MS))
    assert.equal(bench.arrive(0, 100), ADMIT)
    assert.equal(bench.arrive(0, 104), QUEUE_DELAY)
  })

  it('falls to a quarter of maxDelay while most requests are refused and the loop is never idle', () => {
    assert.equal(refusing(0.8, { lasting: 300 }), MAX_DELAY_MS / 4)
  })

  it('falls faster the more is refused: by a fifth of the square of the refused share, every 200 ms', () => {
    for (const share of [0.3, 0.6, 0.9]) {
      const bench = queueing()
      refusing(share, { bench, lasting: 20 })
      const before = bench.gate.delayLimitNs
      refusing(share, { bench, lasting: 20 })
      const factor = bench.gate.delayLimitNs / before
      assert(Math.abs(factor - (1 - 0.2 * share ** 2)) < 0.02, `${share}: ${factor}`)
    }
  })

  it('grows by half every 200 ms, up to maxDelay, while the loop is idle beside refusals', () => {
    const bench = queueing()
    refusing(0.8, { bench, lasting: 300 })
    const before = refusing(0.8, { bench, lasting: 20, idle: 0.05 })
    const after = refusing(0.8, { bench, lasting: 20, idle: 0.05 })
    assert(Math.abs(after / before - 1.5) < 0.02, `${before}, ${after}`)
    assert(refusing(0.8, { bench, lasting: 50, idle: 0.05 }) >= MAX_DELAY_MS)
  })

  it('takes less than 1 % of idle time for the overhead of turns', () => {
    assert(refusing(0.8, { idle: 0.008 }) < 50)
    assert(refusing(0.8, { idle: 0.012 }) >= MAX_DELAY_MS)
  })

  it('is that without a queue for a class that uses little of the loop', () => {
    const bench = new Bench()
    for (let i = 0; i < 300; i++) {
      bench.request({ id: 1, responseMs: 1, waitedMs: 60 })
      for (let n = 0; n < 9; n++) bench.request({ id: 2, responseMs: 5, waitedMs: i % 5 ? 110 : 60 })
      bench.pass(10, SATURATED)
    }
    assert.equal(bench.gate.queueing, true)
    assert(bench.gate.delayLimitNs < ms(60))
    assert.equal(bench.class(1).light, true)
    assert.equal(bench.class(2).light, false)
    assert.equal(bench.arrive(1, 60), ADMIT)
    assert.equal(bench.arrive(2, 60), QUEUE_DELAY)
  })
})

describe('connections in the accept queue', () => {
  const CAME_BEFORE = 50
  const TICK_MS = 4

  /** A turn of 100 ms, in which connections came evenly, while a queue stands. */
  function afterLongTurn (came, options) {
    const bench = queueing(options)
    bench.pass(200, { ...SATURATED, queued: CAME_BEFORE })
    bench.now += ms(100)
    bench.controller.turn(bench.now, ms(100), CAME_BEFORE + came)
    return bench.controller.excess(bench.now, CAME_BEFORE + came)
  }

  it('are refused if they have waited for nearly as long as the limit', () => {
    const bench = queueing()
    bench.pass(200, { ...SATURATED, queued: CAME_BEFORE })
    bench.now += ms(200)
    bench.controller.turn(bench.now, ms(200), CAME_BEFORE + 200)
    const excess = bench.controller.excess(bench.now, CAME_BEFORE + 200)
    assert(Math.abs(excess - CAME_BEFORE - (200 - 100 + 2 * TICK_MS)) < 3, `${excess}`)
  })

  it('are not refused in a dry run', () => {
    assert(afterLongTurn(100) > 0)
    assert.equal(afterLongTurn(100, { dryRun: true }), 0)
  })

  it('are not refused while no queue stands', () => {
    const bench = atHalfLoad()
    bench.pass(200, { busyMs: 0.5, queued: 40 })
    assert.equal(bench.controller.excess(bench.now, 40), 0)
  })
})
