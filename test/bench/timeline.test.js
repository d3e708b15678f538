'use strict'

const assert = require('node:assert/strict')
const Timeline = require('../../bench/load/timeline')
const { dueTimes, withPhases } = require('../../bench/load/phases')

describe('the phases of a load', () => {
  it('begin earlier by the length of the warm-up, and the last one continues', () => {
    const due = dueTimes([{ rate: 10, durationMs: 200 }, { rate: 20, durationMs: 100 }], 100)
    assert.deepEqual(due.take ? [...due.take(8)] : Array.from({ length: 8 }, () => due.next().value),
      [0, 100, 200, 300, 350, 400, 450, 500])
  })

  it('have intervals as of a Poisson process, the same in each run', () => {
    const phases = [{ rate: 100, durationMs: 50_000 }, { rate: 200, durationMs: 50_000 }]
    const times = untilMs(dueTimes(phases, 0, 'poisson'), 100_000)
    assert.deepEqual(times, untilMs(dueTimes(phases, 0, 'poisson'), 100_000))
    for (const [fromMs, toMs, meanMs] of [[0, 50_000, 10], [50_000, 100_000, 5]]) {
      const of = times.filter(ms => ms >= fromMs && ms < toMs)
      const intervals = of.slice(1).map((ms, i) => ms - of[i])
      assert.ok(intervals.every(ms => ms > 0))
      const mean = intervals.reduce((sum, ms) => sum + ms, 0) / intervals.length
      const longer = intervals.filter(ms => ms > meanMs).length / intervals.length
      assert.ok(Math.abs(mean / meanMs - 1) < 0.05, `mean ${mean}`)
      assert.ok(Math.abs(longer * Math.E - 1) < 0.05, `${longer} are longer than the mean`)
    }
  })

  it('are a single phase if the load has none', () => {
    const { phases, durationMs } = withPhases({ rate: 5, durationMs: 100 })
    assert.deepEqual(phases, [{ rate: 5, durationMs: 100 }])
    assert.equal(durationMs, 100)
  })
})

function untilMs (due, endMs) {
  const times = []
  for (const ms of due) {
    if (ms >= endMs) return times
    times.push(ms)
  }
}

describe('the timeline', () => {
  const phases = [{ durationMs: 1000 }, { durationMs: 1000 }]

  it('counts the outcomes of the requests that were due in each bin', () => {
    const timeline = new Timeline({ phases, recoveredP99Ms: 150, usefulMs: 50 })
    timeline.settle('200', 40, 0)
    timeline.settle('200', 60, 99.9)
    timeline.settle('503', 5, 100)
    timeline.settle('reset', 5, 199)
    const { binMs, bins } = timeline.report()
    assert.equal(binMs, 100)
    assert.equal(bins.length, 20)
    assert.deepEqual(bins[0], { ok: 2, useful: 1, refused: 0, failed: 0, p99: 60 })
    assert.deepEqual(bins[1], { ok: 0, useful: 0, refused: 1, failed: 1, p99: null })
  })

  it('reports when p99 had recovered permanently, and when the last 503 arrived', () => {
    const timeline = new Timeline({ phases, recoveredP99Ms: 150 })
    for (let atMs = 0; atMs < 2000; atMs += 10) timeline.settle('200', atMs >= 1000 && atMs < 1300 ? 400 : 20, atMs)
    timeline.settle('503', 30, 1205)
    assert.deepEqual(timeline.report().phases, [
      { recoveredMs: 0, lastRefusedMs: null },
      { recoveredMs: 300, lastRefusedMs: 235 }
    ])
  })

  it('reports no recovery if no request was answered in time', () => {
    const timeline = new Timeline({ phases, recoveredP99Ms: 150 })
    for (let atMs = 0; atMs < 1000; atMs += 10) timeline.settle('200', 400, atMs)
    assert.deepEqual(timeline.report().phases.map(({ recoveredMs }) => recoveredMs), [null, null])
  })
})
