'use strict'

const assert = require('node:assert/strict')

const { concurrentQueue } = require('spillway/stream')

const { manualHandler, waitForTurns, catchRejection, collectUnhandledRejections } = require('../support/stream.js')

const broken = new Error('broken')

/** Resolves to the outcome of each promise. */
const outcomesOf = async promises => (await Promise.allSettled(promises)).map(({ value, reason }) => value ?? reason.name)

const closed = { code: 'SPILLWAY_QUEUE_CLOSED' }

describe('clear() of a concurrentQueue()', () => {
  it('rejects the waiting items with an AbortError, returns their number, and does not affect running items', async () => {
    const handler = manualHandler()
    const queue = concurrentQueue(handler, { concurrency: 1 })
    const results = [0, 1, 2].map(item => queue.add(item))
    const outcomes = outcomesOf(results)
    await waitForTurns()
    assert.equal(queue.clear(), 2)
    assert.equal(queue.size, 0)
    assert.equal(queue.clear(), 0)
    handler.calls[0].resolve('zero')
    assert.deepEqual(await outcomes, ['zero', 'AbortError', 'AbortError'])
    const later = queue.add(3)
    await waitForTurns()
    handler.calls[1].resolve('three')
    assert.equal(await later, 'three')
  })

  it('counts and drops an item that lost its slot because concurrency was lowered', async () => {
    const handler = manualHandler()
    const queue = concurrentQueue(handler, { concurrency: 2 })
    const running = queue.add(0)
    await waitForTurns()
    queue.concurrency = 1
    const outcomes = outcomesOf([queue.add(1), queue.add(2)])
    assert.equal(queue.size, 2)
    assert.equal(queue.clear(), 2)
    assert.deepEqual(await outcomes, ['AbortError', 'AbortError'])
    handler.calls[0].resolve('zero')
    assert.equal(await running, 'zero')
    const later = queue.add(3)
    await waitForTurns()
    handler.calls[1].resolve('three')
    assert.equal(await later, 'three')
  })

  it('lets a closed queue end without the item that lost its slot, which is otherwise done first', async () => {
    for (const isCleared of [true, false]) {
      const handler = manualHandler()
      const queue = concurrentQueue(handler, { concurrency: 2 })
      const outcomes = outcomesOf([queue.add(0)])
      await waitForTurns()
      queue.concurrency = 1
      const waiting = outcomesOf([queue.add(1)])
      const end = queue.close()
      if (isCleared) assert.equal(queue.clear(), 1)
      handler.calls[0].resolve('zero')
      await waitForTurns()
      handler.calls[1]?.resolve('one')
      assert.deepEqual([await outcomes, await waiting], [['zero'], [isCleared ? 'AbortError' : 'one']])
      await end
    }
  })
})

describe('close() of a concurrentQueue()', () => {
  it('accepts no more items, and resolves when all items that were added are done', async () => {
    const handler = manualHandler()
    const queue = concurrentQueue(handler, { concurrency: 1 })
    const results = [queue.add(0), queue.add(1)]
    let isOver = false
    const ends = [queue.close(), queue.close(), queue.idle].map(end => end.then(() => { isOver = true }))
    const { reason } = await catchRejection(queue.add(2))
    assert.ok(reason instanceof Error)
    assert.equal(reason.code, closed.code)
    await waitForTurns()
    handler.calls[0].resolve('zero')
    await waitForTurns()
    assert.equal(isOver, false)
    handler.calls[1].resolve('one')
    assert.deepEqual(await Promise.all(results), ['zero', 'one'])
    await Promise.all(ends)
    await assert.rejects(queue.add(3), closed)
  })

  it('resolves for an empty queue', async () => {
    const unused = concurrentQueue(assert.fail, { concurrency: 1 })
    await unused.close()
    const used = concurrentQueue(item => item, { concurrency: 1 })
    await used.add(1)
    await used.close()
    await assert.rejects(used.add(2), closed)
  })

  it('resolves even if items failed', async () => {
    const queue = concurrentQueue(() => Promise.reject(broken), { concurrency: 1 })
    const outcomes = Promise.allSettled([queue.add(0), queue.add(1)])
    await queue.close()
    assert.deepEqual((await outcomes).map(({ reason }) => reason), [broken, broken])
  })

  it('rejects items that a handler adds afterwards', async () => {
    let added
    const queue = concurrentQueue(async () => {
      await waitForTurns()
      added = catchRejection(queue.add('more'))
    }, { concurrency: 1 })
    const only = queue.add('only')
    await queue.close()
    await only
    assert.equal((await added).reason.code, closed.code)
  })

  it('is called by disposal, which waits for it', async () => {
    const handler = manualHandler()
    const queue = concurrentQueue(handler, { concurrency: 1 })
    const result = queue.add(0)
    let isOver = false
    const disposed = queue[Symbol.asyncDispose]().then(() => { isOver = true })
    await assert.rejects(queue.add(1), closed)
    await waitForTurns()
    assert.equal(isOver, false)
    handler.calls[0].resolve('zero')
    assert.equal(await result, 'zero')
    await disposed
  })
})

describe('The signal of a concurrentQueue()', () => {
  it('rejects waiting items and later add() calls with its reason, and aborts running handlers, which settle by themselves', async () => {
    const controller = new AbortController()
    const handler = manualHandler()
    const queue = concurrentQueue(handler, { concurrency: 2, signal: controller.signal })
    const [heeds, ignores, ...waiting] = [0, 1, 2, 3].map(item => queue.add(item)).map((promise, item) => item === 1 ? promise : catchRejection(promise))
    await waitForTurns()
    controller.abort(broken)
    assert.deepEqual(await Promise.all(waiting), [{ reason: broken }, { reason: broken }])
    assert.deepEqual(await catchRejection(queue.add(4)), { reason: broken })
    assert.equal(queue.size, 0)
    assert.equal(handler.calls[0].signal.reason, broken)
    handler.calls[0].reject(handler.calls[0].signal.reason)
    handler.calls[1].resolve('done all the same')
    assert.deepEqual(await heeds, { reason: broken })
    assert.equal(await ignores, 'done all the same')
    await queue.idle
    await queue.close()
  })

  it('rejects an item that lost its slot because concurrency was lowered', async () => {
    const controller = new AbortController()
    const queue = concurrentQueue(() => new Promise(() => {}), { concurrency: 2, signal: controller.signal })
    queue.add(0)
    await waitForTurns()
    queue.concurrency = 1
    const outcome = catchRejection(queue.add(1))
    controller.abort(broken)
    assert.deepEqual(await outcome, { reason: broken })
  })

  it('rejects an item that waits for its next attempt with the error of the last attempt', async () => {
    const controller = new AbortController()
    const queue = concurrentQueue(() => Promise.reject(broken), { concurrency: 1, signal: controller.signal, retry: { attempts: 2, delay: 2 ** 30 } })
    const outcome = catchRejection(queue.add(0))
    await waitForTurns()
    controller.abort(new Error('enough'))
    assert.deepEqual(await outcome, { reason: broken })
    await queue.idle
  })

  it('rejects every add() if it was aborted before the call', async () => {
    const queue = concurrentQueue(assert.fail, { concurrency: 1, signal: AbortSignal.abort(broken) })
    assert.deepEqual(await catchRejection(queue.add(0)), { reason: broken })
    await queue.close()
  })

  it('causes no unhandled rejection by itself', async () => {
    const controller = new AbortController()
    assert.deepEqual(await collectUnhandledRejections(async () => {
      const queue = concurrentQueue(() => new Promise(() => {}), { concurrency: 1, signal: controller.signal })
      queue.add(0)
      await waitForTurns()
      controller.abort(broken)
    }), [])
  })
})
