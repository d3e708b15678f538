'use strict'

const assert = require('node:assert/strict')
const { Readable } = require('node:stream')

const { forEachConcurrent } = require('spillway/stream')

const { countingSource, manualHandler, pushedReadable, waitForTurns, catchRejection, collectUnhandledRejections } = require('../support/stream.js')

describe('forEachConcurrent()', () => {
  it('runs the handler on every item, with its index, and resolves to the stats', async () => {
    const seen = []
    const stats = await forEachConcurrent(['a', 'b', 'c'], async (item, { index }) => { seen.push([item, index]) }, { concurrency: 2 })
    assert.deepEqual(seen, [['a', 0], ['b', 1], ['c', 2]])
    assert.equal(stats.completed, 3)
    assert.equal(stats.pulled, 3)
    assert.equal(stats.inFlight, 0)
  })

  it('resolves for an empty source', async () => {
    for (const source of [[], new Set(), Readable.from([])]) {
      const stats = await forEachConcurrent(source, assert.fail, { concurrency: 2 })
      assert.equal(stats.pulled, 0)
    }
  })

  it('starts after the call has returned, so that the handler can use the job', async () => {
    const job = forEachConcurrent([1, 2, 3], () => { job.concurrency = 3 }, { concurrency: 1 })
    await job
    assert.equal(job.concurrency, 3)
  })

  it('never runs more handlers than concurrency, and uses every slot', async () => {
    for (const concurrency of [1, 3, 16]) {
      let running = 0
      let most = 0
      const { peakInFlight } = await forEachConcurrent(countingSource(100), async () => {
        most = Math.max(most, ++running)
        await waitForTurns()
        running--
      }, { concurrency })
      assert.equal(most, concurrency)
      assert.equal(peakInFlight, concurrency)
    }
  })

  it('runs all items at once with concurrency: Infinity', async () => {
    const handler = manualHandler()
    const job = forEachConcurrent(countingSource(500), handler, { concurrency: Infinity })
    await waitForTurns()
    assert.equal(handler.calls.length, 500)
    for (const call of handler.calls) call.resolve()
    await job
  })

  it('refills a slot as soon as a handler settles, in any order', async () => {
    const handler = manualHandler()
    const job = forEachConcurrent([0, 1, 2, 3], handler, { concurrency: 2 })
    await waitForTurns()
    handler.calls[1].resolve()
    await waitForTurns()
    assert.deepEqual(handler.items(), [0, 1, 2])
    handler.calls[2].resolve()
    await waitForTurns()
    assert.deepEqual(handler.items(), [0, 1, 2, 3])
    handler.calls[0].resolve()
    handler.calls[3].resolve()
    await job
  })

  it('lets a slow item block only its own slot', async () => {
    const slow = manualHandler()
    let others = 0
    const job = forEachConcurrent(countingSource(100), (item, context) => {
      if (item === 0) return slow(item, context)
      others++
    }, { concurrency: 2 })
    await waitForTurns()
    assert.equal(others, 99)
    slow.calls[0].resolve()
    await job
  })

  it('uses every slot again after an item that needed all of maxBytes', async () => {
    const handler = manualHandler()
    const job = forEachConcurrent([90, 30, 30, 30], handler, { concurrency: 4, maxBytes: 100, sizeOf: size => size })
    await waitForTurns()
    assert.equal(handler.calls.length, 1)
    handler.calls[0].resolve()
    await waitForTurns()
    assert.equal(handler.calls.length, 4)
    for (const call of handler.calls) call.resolve()
    await job
  })

  it('does not take an item from the source without a free slot', async () => {
    const handler = manualHandler()
    const source = countingSource()
    const job = forEachConcurrent(source, handler, { concurrency: 3, onError: 'continue' })
    await waitForTurns()
    assert.equal(source.pulled, 3)
    handler.calls[0].resolve()
    handler.calls[1].reject(new Error('the slot is free all the same'))
    await waitForTurns()
    assert.equal(source.pulled, 5)
    assert.equal(job.stats().inFlight, 3)
  })

  it('asks the source for at most one item at a time', async () => {
    let outstanding = 0
    let most = 0
    let left = 50
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          most = Math.max(most, ++outstanding)
          await waitForTurns()
          outstanding--
          return left-- > 0 ? { done: false, value: left } : { done: true, value: undefined }
        }
      })
    }
    await forEachConcurrent(source, () => waitForTurns(), { concurrency: 8 })
    assert.equal(most, 1)
  })

  it('is strictly serial with concurrency: 1, and does not read ahead', async () => {
    const log = []
    const source = (function * () {
      for (let item = 0; item < 3; item++) {
        log.push(`pull ${item}`)
        yield item
      }
    })()
    await forEachConcurrent(source, async item => {
      log.push(`start ${item}`)
      await waitForTurns()
      log.push(`done ${item}`)
    }, { concurrency: 1 })
    assert.deepEqual(log, [
      'pull 0', 'start 0', 'done 0', 'pull 1', 'start 1', 'done 1', 'pull 2', 'start 2', 'done 2'
    ])
  })

  it('starts more handlers when job.concurrency is raised', async () => {
    const handler = manualHandler()
    const job = forEachConcurrent(countingSource(), handler, { concurrency: 1 })
    await waitForTurns()
    job.concurrency = 4
    await waitForTurns()
    assert.equal(handler.calls.length, 4)
  })

  it('cancels no handler when job.concurrency is lowered', async () => {
    const handler = manualHandler()
    const job = forEachConcurrent(countingSource(6), handler, { concurrency: 4 })
    await waitForTurns()
    job.concurrency = 2
    await waitForTurns()
    assert.equal(job.stats().inFlight, 4)
    assert.ok(handler.calls.every(({ signal }) => !signal.aborted))
    handler.calls[0].resolve()
    handler.calls[1].resolve()
    await waitForTurns()
    assert.equal(handler.calls.length, 4)
    handler.calls[2].resolve()
    await waitForTurns()
    assert.equal(handler.calls.length, 5)
    assert.equal(job.stats().inFlight, 2)
    handler.calls[3].resolve()
    handler.calls[4].resolve()
    await waitForTurns()
    handler.calls[5].resolve()
    await job
  })

  it('throws for a wrong value of job.concurrency, and keeps the old one', async () => {
    const job = forEachConcurrent([1], () => {}, { concurrency: 2 })
    for (const limit of [0, 1.5, NaN, '4', null]) {
      assert.throws(() => { job.concurrency = limit }, {
        code: 'SPILLWAY_INVALID_ARGUMENT', message: /^spillway\/stream: job\.concurrency takes a whole number from 1 up, or Infinity, got /
      })
    }
    assert.equal(job.concurrency, 2)
    await job
  })

  it('resolves job.idle when the job has ended and the last handler has settled', async () => {
    const handler = manualHandler()
    const job = forEachConcurrent([0, 1], handler, { concurrency: 2 })
    let idle = false
    job.idle.then(() => { idle = true })
    await waitForTurns()
    handler.calls[0].reject(new Error('stop'))
    await assert.rejects(job, /^Error: stop$/)
    await waitForTurns()
    assert.equal(idle, false)
    handler.calls[1].resolve()
    await job.idle
    assert.equal(job.stats().inFlight, 0)
  })

  it('continues with a source that pauses between items', async () => {
    const source = pushedReadable(1)
    const seen = []
    const job = forEachConcurrent(source, async item => { seen.push(item) }, { concurrency: 2 })
    for (const item of [2, 3]) {
      await waitForTurns()
      source.push(item)
    }
    source.push(null)
    await job
    assert.deepEqual(seen, [1, 2, 3])
  })

  describe('when the job is disposed of,', () => {
    it('aborts the running handlers, waits for them and for the source, and rejects the promise with an AbortError', async () => {
      const handler = manualHandler()
      const source = countingSource()
      const job = forEachConcurrent(source, handler, { concurrency: 2 })
      const outcome = catchRejection(job)
      await waitForTurns()
      let isOver = false
      const disposed = job[Symbol.asyncDispose]().then(() => { isOver = true })
      const { reason } = await outcome
      assert.equal(reason.name, 'AbortError')
      assert.ok(handler.calls.every(({ signal }) => signal.reason.name === 'AbortError'))
      assert.equal(source.returned, 1)
      await waitForTurns()
      assert.equal(isOver, false)
      handler.calls[0].resolve()
      handler.calls[1].reject(reason)
      await disposed
      assert.equal(handler.calls.length, 2)
    })

    it('starts nothing if nothing has started before', async () => {
      const source = countingSource()
      const job = forEachConcurrent(source, assert.fail, { concurrency: 2 })
      await job[Symbol.asyncDispose]()
      await assert.rejects(job, { name: 'AbortError' })
      assert.deepEqual([source.pulled, source.returned], [0, 1])
    })

    it('does nothing after the end, even twice', async () => {
      const job = forEachConcurrent([1], () => {}, { concurrency: 1 })
      const stats = await job
      await job[Symbol.asyncDispose]()
      await job[Symbol.asyncDispose]()
      assert.equal(await job, stats)
      const broken = new Error('broken')
      const failed = forEachConcurrent([1], () => { throw broken }, { concurrency: 1 })
      await catchRejection(failed)
      await failed[Symbol.asyncDispose]()
      assert.equal((await catchRejection(failed)).reason, broken)
    })

    it('leaves no unhandled rejection when the promise has no consumer', async () => {
      assert.deepEqual(await collectUnhandledRejections(async () => {
        const job = forEachConcurrent(countingSource(), () => waitForTurns(), { concurrency: 2 })
        await waitForTurns()
        await job[Symbol.asyncDispose]()
      }), [])
    })
  })
})
