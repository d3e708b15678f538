'use strict'

const assert = require('node:assert/strict')
const { Readable } = require('node:stream')
const { pipeline } = require('node:stream/promises')

const { concurrentTransform, forEachConcurrent, mapConcurrent, skip } = require('spillway/stream')

const { countingSource, manualHandler, waitForTurns, catchRejection, collectUnhandledRejections } = require('../support/stream.js')

const broken = new Error('broken')

const failOdd = item => {
  if (item % 2 === 1) throw broken
  return item
}

const transformed = (items, handler, options) => pipeline(Readable.from(items), concurrentTransform(handler, options), stream => stream.toArray())

/** Functions that collect all results of a source, one for each helper that has results. */
const faces = {
  mapConcurrent: (items, handler, options) => mapConcurrent(items, handler, options).toArray(),
  concurrentTransform: transformed
}

describe('toArray() of mapConcurrent()', () => {
  it('resolves to all results in the order of the source', async () => {
    for (const handler of [item => item * 2, async item => item * 2]) {
      assert.deepEqual(await mapConcurrent([1, 2, 3], handler, { concurrency: 2 }).toArray(), [2, 4, 6])
    }
  })

  it('resolves to the results in the order of completion with ordered: false', async () => {
    const handler = manualHandler()
    const results = mapConcurrent([0, 1, 2], handler, { concurrency: 3, ordered: false }).toArray()
    await waitForTurns()
    for (const index of [2, 0, 1]) {
      handler.calls[index].resolve(index)
      await waitForTurns()
    }
    assert.deepEqual(await results, [2, 0, 1])
  })

  it('resolves to an empty array for an empty source', async () => {
    for (const source of [[], new Set(), Readable.from([])]) {
      assert.deepEqual(await mapConcurrent(source, assert.fail, { concurrency: 2 }).toArray(), [])
    }
  })

  it('keeps null and undefined', async () => {
    assert.deepEqual(await mapConcurrent([null, undefined], item => item, { concurrency: 2 }).toArray(), [null, undefined])
  })

  it('lets no slow item block the others, unless highWaterMark is given', async () => {
    for (const [highWaterMark, started] of [[undefined, 50], [Infinity, 50], [3, 5]]) {
      const slow = manualHandler()
      const iterator = mapConcurrent(countingSource(50), (item, context) => item === 0 ? slow(item, context) : item, { concurrency: 2, highWaterMark })
      const results = iterator.toArray()
      await waitForTurns()
      assert.equal(iterator.stats().pulled, started)
      slow.calls[0].resolve(0)
      assert.deepEqual(await results, Array.from({ length: 50 }, (_, index) => index))
    }
  })

  it('rejects with the error of a handler, of the source, and the reason of the signal', async () => {
    const failingSource = (function * () {
      yield 0
      throw broken
    })()
    const controller = new AbortController()
    const outcomes = [
      mapConcurrent([0, 1], failOdd, { concurrency: 1 }).toArray(),
      mapConcurrent(failingSource, item => item, { concurrency: 1 }).toArray(),
      mapConcurrent([0], () => new Promise(() => {}), { concurrency: 1, signal: controller.signal }).toArray()
    ].map(catchRejection)
    await waitForTurns()
    controller.abort(broken)
    for (const outcome of outcomes) assert.equal((await outcome).reason, broken)
  })

  it('rejects with the reason of a signal that was aborted before it was called', async () => {
    const controller = new AbortController()
    const early = mapConcurrent([1], assert.fail, { concurrency: 1, signal: controller.signal })
    controller.abort(broken)
    const late = mapConcurrent([1], assert.fail, { concurrency: 1, signal: controller.signal })
    for (const iterator of [early, late]) assert.equal((await catchRejection(iterator.toArray())).reason, broken)
  })

  it('rejects if results were requested before', async () => {
    const message = 'spillway/stream: toArray() must be called before the first result is requested'
    const iterator = mapConcurrent([1, 2], item => item, { concurrency: 1 })
    await iterator.next()
    await assert.rejects(iterator.toArray(), { message })
    assert.deepEqual(await iterator.next(), { done: false, value: 2 })

    const twice = mapConcurrent([1, 2], item => item, { concurrency: 1 })
    const first = twice.toArray()
    await assert.rejects(twice.toArray(), { message })
    assert.deepEqual(await first, [1, 2])
  })

  it('rejects with an AbortError when the iterator is closed before all results are ready', async () => {
    for (const leave of [iterator => iterator.return(), iterator => iterator[Symbol.asyncDispose]()]) {
      const iterator = mapConcurrent([0, 1], (item, { signal }) => item === 0
        ? item
        : new Promise((resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))), { concurrency: 2 })
      const outcome = catchRejection(iterator.toArray())
      await waitForTurns()
      await leave(iterator)
      assert.equal((await outcome).reason.name, 'AbortError')
    }
  })

  it('leaves no unhandled rejection when the iterator is closed and the promise has no consumer', async () => {
    assert.deepEqual(await collectUnhandledRejections(async () => {
      const iterator = mapConcurrent([0], () => new Promise(() => {}), { concurrency: 1 })
      iterator.toArray()
      await waitForTurns()
      await iterator.return()
    }), [])
  })
})

describe('highWaterMark: Infinity', () => {
  it('takes all items from the source even if the consumer or the first item is slow', async () => {
    for (const isSlow of [true, false]) {
      const slow = manualHandler()
      const handler = (item, context) => isSlow && item === 0 ? slow(item, context) : item
      const iterator = mapConcurrent(countingSource(500), handler, { concurrency: 2, highWaterMark: Infinity })
      const first = iterator.next()
      await waitForTurns()
      const { pulled, buffered } = iterator.stats()
      assert.deepEqual({ pulled, buffered }, { pulled: 500, buffered: 499 })
      slow.calls[0]?.resolve(0)
      assert.equal((await first).value, 0)
      await iterator.return()
    }
  })

  it('does not disable maxBytes', async () => {
    const iterator = mapConcurrent(countingSource(500), item => item, { concurrency: 2, highWaterMark: Infinity, maxBytes: 100, sizeOf: () => 30 })
    await iterator.next()
    await waitForTurns()
    assert.equal(iterator.stats().buffered, 3)
    await iterator.return()
  })
})

describe('The symbol skip', () => {
  for (const [name, all] of Object.entries(faces)) {
    for (const ordered of [true, false]) {
      it(`leaves an item out of ${name} with ordered: ${ordered}, whether or not the handler is asynchronous`, async () => {
        const keepEven = item => item % 2 === 0 ? item : skip
        for (const handler of [keepEven, async item => keepEven(item)]) {
          const results = await all(countingSource(6), handler, { concurrency: 2, ordered })
          assert.deepEqual(results.sort(), [0, 2, 4])
        }
        assert.deepEqual(await all([1, 2, 3], () => skip, { concurrency: 2, ordered }), [])
      })
    }
  }

  it('makes an item count as completed and as skipped', async () => {
    const stats = await forEachConcurrent([0, 1, 2], item => item === 1 ? skip : item, { concurrency: 2 })
    assert.equal(stats.completed, 3)
    assert.equal(stats.skipped, 1)
  })

  it('leaves an item out when onError returns it as the value', async () => {
    for (const onError of [() => ({ value: skip }), async () => ({ value: skip })]) {
      assert.deepEqual(await mapConcurrent([0, 1, 2], failOdd, { concurrency: 2, onError }).toArray(), [0, 2])
    }
  })

  it('is the same symbol in another copy of the package', () => {
    assert.equal(skip, Symbol.for('spillway/stream.skip'))
  })
})

describe("onError: 'settle'", () => {
  for (const [name, all] of Object.entries(faces)) {
    it(`delivers a result with its index, fulfilled or rejected, for every item of ${name}`, async () => {
      for (const handler of [failOdd, async item => failOdd(item)]) {
        assert.deepEqual(await all([0, 1, 2], handler, { concurrency: 2, onError: 'settle' }), [
          { status: 'fulfilled', value: 0, index: 0 },
          { status: 'rejected', reason: broken, index: 1 },
          { status: 'fulfilled', value: 2, index: 2 }
        ])
      }
    })

    it(`treats undefined and null as values in ${name}`, async () => {
      assert.deepEqual(await all([undefined, null].map(value => ({ value })), ({ value }) => value, { concurrency: 1, onError: 'settle' }), [
        { status: 'fulfilled', value: undefined, index: 0 },
        { status: 'fulfilled', value: null, index: 1 }
      ])
    })

    it(`delivers no result for a skipped item of ${name}`, async () => {
      const handler = item => item === 0 ? skip : failOdd(item)
      assert.deepEqual(await all([0, 1, 2], handler, { concurrency: 2, onError: 'settle' }), [
        { status: 'rejected', reason: broken, index: 1 },
        { status: 'fulfilled', value: 2, index: 2 }
      ])
    })
  }

  it('identifies the item by its index with ordered: false', async () => {
    const handler = manualHandler()
    const results = mapConcurrent(['a', 'b'], handler, { concurrency: 2, ordered: false, onError: 'settle' }).toArray()
    await waitForTurns()
    handler.calls[1].reject(broken)
    await waitForTurns()
    handler.calls[0].resolve('A')
    assert.deepEqual(await results, [{ status: 'rejected', reason: broken, index: 1 }, { status: 'fulfilled', value: 'A', index: 0 }])
  })

  it('delivers a rejection with a TimeoutError for an item that times out', async () => {
    const iterator = mapConcurrent([0, 1], item => item === 0 ? new Promise(() => {}) : item, { concurrency: 3, timeout: 5, onError: 'settle' })
    const [{ status, reason, index }, second] = await iterator.toArray()
    assert.deepEqual({ status, name: reason.name, index }, { status: 'rejected', name: 'TimeoutError', index: 0 })
    assert.deepEqual(second, { status: 'fulfilled', value: 1, index: 1 })
  })

  it('delivers a rejection for a promise in the source that rejects', async () => {
    const results = mapConcurrent([Promise.resolve(0), Promise.reject(broken)], item => item, { concurrency: 1, onError: 'settle' }).toArray()
    assert.deepEqual(await results, [{ status: 'fulfilled', value: 0, index: 0 }, { status: 'rejected', reason: broken, index: 1 }])
  })

  it('does not prevent a failing source from rejecting the job', async () => {
    const source = (function * () {
      yield 0
      throw broken
    })()
    assert.equal((await catchRejection(mapConcurrent(source, item => item, { concurrency: 1, onError: 'settle' }).toArray())).reason, broken)
  })

  it('is an error in forEachConcurrent(), which has no results', () => {
    assert.throws(() => forEachConcurrent([], assert.fail, { concurrency: 1, onError: 'settle' }), {
      name: 'TypeError', message: 'spillway/stream: option "onError" cannot be \'settle\' for forEachConcurrent(), which has no results'
    })
  })
})
