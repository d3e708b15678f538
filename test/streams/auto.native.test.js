'use strict'

const assert = require('node:assert/strict')
const { setTimeout: delay } = require('node:timers/promises')

const { concurrentTransform, forEachConcurrent, mapConcurrent } = require('spillway/stream')

const { run } = require('../support/child.js')
const { SlotsDownstream } = require('../../bench/stream/downstream.js')
const { countingSource, manualHandler, waitForTurns } = require('../support/stream.js')

describe("concurrency: 'auto'", function () {
  this.timeout(60_000)

  let stop

  beforeEach(() => { stop = new AbortController() })
  // An endless job would outlive a test that fails.
  afterEach(() => stop.abort())

  it('shows its current number in job.concurrency and stats(), begins with 1, and never starts more handlers than that', async () => {
    const downstream = new SlotsDownstream(4, 1)
    let over = 0
    const job = forEachConcurrent(countingSource(1500), async () => {
      const { inFlight, concurrency } = job.stats()
      assert.equal(job.concurrency, concurrency)
      if (inFlight > concurrency) over++
      await downstream.handle()
    }, { concurrency: 'auto' })
    assert.equal(job.concurrency, 1)
    const stats = await job
    assert.equal(stats.completed, 1500)
    assert.equal(over, 0)
    assert.ok(Number.isInteger(stats.concurrency) && stats.concurrency >= 1)
    assert.ok(stats.peakInFlight > 1, `at most ${stats.peakInFlight} in flight`)
  })

  it('ends when job.concurrency is set to a number', async () => {
    const downstream = new SlotsDownstream(20, 1)
    const job = forEachConcurrent(countingSource(), downstream.handle, { concurrency: 'auto', signal: stop.signal })
    job.catch(() => {})
    await delay(300)
    job.concurrency = 2
    const { served } = downstream
    while (downstream.served < served + 300) await delay(20)
    assert.equal(job.concurrency, 2)
    assert.ok(job.stats().inFlight <= 2)
    assert.throws(() => { job.concurrency = 'auto' }, /^TypeError: spillway\/stream: job\.concurrency takes a whole number from 1 up, or Infinity, got "auto"$/)
    stop.abort()
    await job.idle
  })

  it('determines highWaterMark if that is not given', async () => {
    const handler = manualHandler()
    const iterator = mapConcurrent(countingSource(), handler, { concurrency: 'auto' })
    const first = iterator.next()
    for (let settled = 0; settled < 3; settled++) {
      await waitForTurns()
      handler.calls[settled]?.resolve()
    }
    await first
    await waitForTurns()
    assert.equal(iterator.concurrency, 1)
    assert.equal(handler.calls.length, 3) // one was taken; one runs or waits, and one more is allowed beyond that
    await iterator.return()
  })

  it('works in concurrentTransform()', async () => {
    const transform = concurrentTransform(async item => item * 2, { concurrency: 'auto' })
    for (let item = 0; item < 50; item++) transform.write(item)
    transform.end()
    assert.deepEqual(await transform.toArray(), Array.from({ length: 50 }, (_, item) => item * 2))
  })

  it('counts failed items and continues', async () => {
    const stats = await forEachConcurrent(countingSource(300), async item => {
      if (item % 3 === 0) throw new Error('every third')
    }, { concurrency: 'auto', onError: 'continue' })
    assert.equal(stats.failed, 100)
    assert.equal(stats.completed, 200)
    assert.equal(stats.inFlight, 0)
  })

  it('measures the event loop only while the job runs, however the job ends', async () => {
    const { stdout, stderr } = await run(`
      const { forEachConcurrent, mapConcurrent } = require('spillway/stream')
      const { binding } = require('./lib/native/binding.js')
      const options = { concurrency: 'auto' }
      const endless = () => ({ [Symbol.iterator]: () => ({ next: () => ({ done: false, value: 0 }) }) })
      const measures = () => { const was = binding.stop(); if (was) binding.start(500, 1 / 3); return was }
      const runs = {
        completed: () => forEachConcurrent([1, 2], async () => said(measures()), options),
        failed: () => forEachConcurrent([1, 2], async () => { throw new Error() }, options).catch(() => {}),
        left: async () => { for await (const result of mapConcurrent(endless(), () => 1, options)) if (result) break },
        aborted: () => {
          const controller = new AbortController()
          setTimeout(() => controller.abort(), 10)
          return forEachConcurrent(endless(), () => new Promise(() => {}), { ...options, signal: controller.signal }).catch(() => {})
        },
        fixed: async () => {
          const job = forEachConcurrent([1, 2], async () => { job.concurrency = 2; said(measures()) }, options)
          await job
        },
        unused: () => { mapConcurrent([1], () => {}, options) }
      }
      const answers = []
      const said = answer => answers.push(answer)
      ;(async () => {
        for (const name of Object.keys(runs)) { await runs[name](); said(name, measures()); said(measures()) }
        console.log(answers.join(' '))
      })()`)
    assert.equal(stderr, '')
    assert.equal(stdout, 'true true completed false failed false left false aborted false false false fixed false unused false\n')
  })

  it('throws without the addon, before the source is touched, whereas a number needs no addon', async () => {
    const { stdout, stderr } = await run(`
      Object.defineProperty(process, 'versions', { value: { ...process.versions, bun: '1' } })
      const { forEachConcurrent } = require('spillway/stream')
      const source = new ReadableStream({ start: controller => controller.close() })
      forEachConcurrent(source, () => {}, { concurrency: 2 }).then(() => {
        console.log(Object.keys(require.cache).some(file => file.endsWith('binding.js')))
        const other = new ReadableStream()
        try { forEachConcurrent(other, () => {}, { concurrency: 'auto' }) } catch (error) { console.log(error.code, String(error), other.locked) }
      })`)
    assert.equal(stdout, 'false\nSPILLWAY_INVALID_OPTION Error: spillway/stream: ' +
      'option "concurrency" cannot be \'auto\' without the native addon, which is not loaded; pass a number false\n')
    assert.match(stderr, /SPILLWAY_FALLBACK/)
  })
})
