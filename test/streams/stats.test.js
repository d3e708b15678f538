'use strict'

const assert = require('node:assert/strict')
const { once, EventEmitter } = require('node:events')
const { Readable } = require('node:stream')
const { setTimeout: delay } = require('node:timers/promises')

const { concurrentTransform, forEachConcurrent, mapConcurrent } = require('spillway/stream')

const { countingSource, manualHandler, pushedReadable, waitForTurns, catchRejection } = require('../support/stream.js')

describe('stats() of a stream job', () => {
  it('counts items in every state', async () => {
    const handler = manualHandler()
    const iterator = mapConcurrent(countingSource(), handler, { concurrency: 3, highWaterMark: 1, onError: 'continue' })
    const counts = () => {
      const { pulled, inFlight, buffered, completed, failed, skipped } = iterator.stats()
      return { pulled, inFlight, buffered, completed, failed, skipped }
    }
    assert.deepEqual(counts(), { pulled: 0, inFlight: 0, buffered: 0, completed: 0, failed: 0, skipped: 0 })
    const first = iterator.next()
    await waitForTurns()
    assert.deepEqual(counts(), { pulled: 3, inFlight: 3, buffered: 0, completed: 0, failed: 0, skipped: 0 })
    handler.calls[1].resolve()
    await waitForTurns()
    assert.deepEqual(counts(), { pulled: 4, inFlight: 3, buffered: 1, completed: 1, failed: 0, skipped: 0 })
    handler.calls[2].reject(new Error('skipped'))
    await waitForTurns()
    assert.deepEqual(counts(), { pulled: 4, inFlight: 2, buffered: 2, completed: 1, failed: 1, skipped: 1 })
    handler.calls[0].resolve()
    await first
    await waitForTurns()
    assert.deepEqual(counts(), { pulled: 5, inFlight: 2, buffered: 2, completed: 2, failed: 1, skipped: 1 })
    assert.equal(iterator.stats().peakInFlight, 3)
    assert.equal(iterator.stats().peakBuffered, 2)
    await iterator.return()
    assert.equal(iterator.stats().buffered, 0)
    assert.equal(iterator.stats().inFlight, 2)
  })

  it('shows no buffered results when results are taken as they become ready', async () => {
    const stats = await forEachConcurrent(countingSource(100), async () => {}, { concurrency: 5 })
    assert.equal(stats.peakBuffered, 0)
  })

  describe('shows in its waiting times that the job waited', () => {
    const slowest = ({ sourceWaitMs, handlersWaitMs, consumerWaitMs }) => {
      const waits = { source: sourceWaitMs, handlers: handlersWaitMs, consumer: consumerWaitMs }
      const [[name, most], [, second]] = Object.entries(waits).sort(([, a], [, b]) => b - a)
      assert.ok(most > 2 * second, JSON.stringify(waits))
      return name
    }

    async function * slowSource () {
      for (let item = 0; item < 10; item++) {
        await delay(10)
        yield item
      }
    }

    async function consume (iterator, each) {
      for await (const result of iterator) await each(result)
      return iterator.stats()
    }

    it('for the source', async () => {
      const options = { concurrency: 2 }
      assert.equal(slowest(await forEachConcurrent(slowSource(), () => {}, options)), 'source')
      assert.equal(slowest(await consume(mapConcurrent(slowSource(), () => {}, options), () => {})), 'source')
    })

    it('for the handlers', async () => {
      const options = { concurrency: 2 }
      assert.equal(slowest(await forEachConcurrent(countingSource(10), () => delay(10), options)), 'handlers')
      assert.equal(slowest(await consume(mapConcurrent(countingSource(10), () => delay(10), options), () => {})), 'handlers')
    })

    it('for the consumer', async () => {
      const iterator = mapConcurrent(countingSource(10), () => {}, { concurrency: 2 })
      assert.equal(slowest(await consume(iterator, () => delay(10))), 'consumer')
    })

    it('for the handlers when results wait for an earlier item', async () => {
      const iterator = mapConcurrent(countingSource(4), item => item === 0 ? delay(50) : item, { concurrency: 2 })
      assert.equal(slowest(await consume(iterator, () => {})), 'handlers')
    })

    it('even if it is still waiting', async () => {
      const iterator = mapConcurrent(pushedReadable(), () => {}, { concurrency: 2 })
      const pending = iterator.next()
      await delay(10)
      assert.equal(slowest(iterator.stats()), 'source')
      await iterator.return()
      const { sourceWaitMs } = iterator.stats()
      await delay(5)
      assert.equal(iterator.stats().sourceWaitMs, sourceWaitMs)
      await pending
    })
  })
})

describe('onStall', () => {
  const stallable = () => {
    const events = new EventEmitter()
    const stalls = []
    const onStall = stats => {
      stalls.push(stats)
      events.emit('stall')
    }
    return { stalls, options: { concurrency: 2, stallTimeout: 10, onStall }, stalled: () => once(events, 'stall') }
  }

  it('is called once with the stats when no result was taken for stallTimeout', async () => {
    const { stalls, options, stalled } = stallable()
    const iterator = mapConcurrent(countingSource(), item => item, options)
    await iterator.next()
    await stalled()
    assert.equal(stalls[0].buffered, 4)
    await delay(30)
    assert.equal(stalls.length, 1)
    await iterator.return()
  })

  it('is called again when the job stalls again', async () => {
    const { stalls, options, stalled } = stallable()
    const iterator = mapConcurrent(countingSource(), item => item, options)
    await iterator.next()
    await stalled()
    await iterator.next()
    await stalled()
    assert.equal(stalls.length, 2)
    await iterator.return()
  })

  it('is called for a Duplex that is not read', async () => {
    const { options, stalled } = stallable()
    const transform = concurrentTransform(item => item, options)
    Readable.from(countingSource()).pipe(transform)
    await stalled()
    transform.destroy()
  })

  it('is not called while the source or the handlers are slow, or after the end', async () => {
    const { stalls, options } = stallable()
    const handler = manualHandler()
    const slowHandlers = mapConcurrent(countingSource(), handler, options)
    const slowSource = mapConcurrent(pushedReadable(), handler, options)
    const pending = [slowHandlers.next(), slowSource.next()]
    const left = mapConcurrent(countingSource(), item => item, options)
    await left.next()
    await left.return()
    await delay(40)
    assert.deepEqual(stalls, [])
    await slowHandlers.return()
    await slowSource.return()
    await Promise.all(pending)
  })

  it('ends the job with its error when it throws', async () => {
    const source = pushedReadable(1, 2, 3, 4, 5)
    const iterator = mapConcurrent(source, item => item, {
      concurrency: 1,
      stallTimeout: 5,
      onStall: () => { throw new Error('give up') }
    })
    await iterator.next()
    await once(source, 'close')
    assert.equal((await catchRejection(iterator.next())).reason.message, 'give up')
  })
})
