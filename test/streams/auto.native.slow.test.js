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

describe('stream: concurrency auto', function () {
  this.timeout(60_000)

  let stop

  beforeEach(() => { stop = new AbortController() })
  // A stream that has no end outlives a test that failed.
  afterEach(() => stop.abort())

  async function until (condition) {
    while (!condition()) await delay(SERVICE_MS, undefined, { signal: stop.signal })
  }

  // How well it keeps to the best number is a matter for a clock that nothing disturbs.
  it('finds what a downstream can do, and follows it down and up', async () => {
    const { downstream, job } = startOn(12, stop.signal)
    await until(() => job.concurrency >= 8)
    downstream.slots = 3
    await until(() => job.concurrency <= 6)
    downstream.slots = 12
    downstream.serve()
    await until(() => job.concurrency >= 8)
  })

  it('follows a downstream that loses nearly all it has, until next to nothing queues, and up again', async () => {
    const { downstream, job } = startOn(40, stop.signal)
    await until(() => job.concurrency >= 27)
    downstream.slots = 1
    const seen = []
    await until(() => seen.push(job.concurrency) > 100 && mean(seen.slice(-100)) < 2)
    downstream.slots = 40
    downstream.serve()
    await until(() => job.concurrency >= 27)
  })

  it('is not held back by what held up the loop before it began', async () => {
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
