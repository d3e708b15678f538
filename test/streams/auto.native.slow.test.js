'use strict'

const assert = require('node:assert/strict')
const { setTimeout: delay } = require('node:timers/promises')

const toobusy = require('spillway')
const { forEachConcurrent } = require('spillway/stream')

const monitor = require('../../lib/loop/monitor.js')
const { block, nextTurn } = require('../support/block.js')
const { SlotsDownstream } = require('../../bench/stream/downstream.js')
const { countingSource } = require('../support/stream.js')

const SERVICE_MS = 10

function startOn (slots, signal) {
  const downstream = new SlotsDownstream(slots, SERVICE_MS)
  const job = forEachConcurrent(countingSource(), downstream.handle, { concurrency: 'auto', signal })
  job.catch(() => {})
  return { downstream, job }
}

const mean = (values) => values.reduce((sum, value) => sum + value) / values.length

describe("concurrency: 'auto'", function () {
  this.timeout(60_000)

  let stop

  beforeEach(() => { stop = new AbortController() })
  // An endless job would outlive a test that fails.
  afterEach(() => stop.abort())

  async function until (condition) {
    while (!condition()) await delay(SERVICE_MS, undefined, { signal: stop.signal })
  }

  // auto.simulation.test.js tests the accuracy of the number, on a clock that nothing disturbs.
  it('finds the capacity of a downstream, and follows it when it falls and rises', async () => {
    const { downstream, job } = startOn(12, stop.signal)
    await until(() => job.concurrency >= 8)
    downstream.slots = 3
    await until(() => job.concurrency <= 6)
    downstream.slots = 12
    downstream.serve()
    await until(() => job.concurrency >= 8)
  })

  it('follows a downstream that loses nearly all its capacity until almost nothing queues, and follows it up again', async () => {
    const { downstream, job } = startOn(40, stop.signal)
    await until(() => job.concurrency >= 27)
    downstream.slots = 1
    const seen = []
    await until(() => seen.push(job.concurrency) > 100 && mean(seen.slice(-100)) < 2)
    downstream.slots = 40
    downstream.serve()
    await until(() => job.concurrency >= 27)
  })

  it('ignores event-loop lag from before the job started', async () => {
    const release = monitor.acquire()
    toobusy.smoothingFactor(0.05) // it is not forgotten before the test ends
    try {
      await nextTurn()
      block(2000)
      await nextTurn()
      const { job } = startOn(12, stop.signal)
      await until(() => job.concurrency >= 8)
      assert.ok(toobusy.lag() > 50, `${toobusy.lag()}`)
    } finally {
      toobusy.smoothingFactor(1 / 3)
      toobusy.shutdown()
      release()
    }
  })
})
