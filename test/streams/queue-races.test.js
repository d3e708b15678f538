'use strict'

const assert = require('node:assert/strict')

const { concurrentQueue } = require('spillway/stream')

const { manualHandler, waitForTurns, catchRejection } = require('../support/stream.js')

describe('A concurrentQueue() that changes or ends while items run', () => {
  it('settles the promise of a running item as its handler settles, when it is aborted or stopped', async () => {
    const ends = {
      aborted: (queue, controller) => controller.abort(),
      'stopped by a handler': queue => queue.stop()
    }
    for (const [name, end] of Object.entries(ends)) {
      const handler = manualHandler()
      const controller = new AbortController()
      let stop
      const queue = concurrentQueue((item, context) => {
        stop ??= context.stop
        return handler(item, context)
      }, { concurrency: 3, signal: controller.signal })
      const added = [1, 2, 3].map(item => queue.add(item))
      const outcomes = Promise.allSettled(added)
      await waitForTurns()
      end({ stop }, controller)
      handler.calls[1].reject('broken')
      handler.calls[2].resolve('late')
      await waitForTurns()
      handler.calls[0].resolve('first')
      assert.deepEqual((await outcomes).map(({ value, reason }) => value ?? reason), ['first', 'broken', 'late'], name)
    }
  })

  it('rejects an item that waits for its next attempt with the error of the last attempt, when it is aborted', async () => {
    const controller = new AbortController()
    const queue = concurrentQueue(item => { throw item }, { concurrency: 1, retry: { attempts: 2, delay: 2 ** 30 }, signal: controller.signal })
    const outcome = catchRejection(queue.add('broken'))
    await waitForTurns()
    assert.equal(queue.stats().retries, 1)
    controller.abort()
    assert.equal((await outcome).reason, 'broken')
  })

  it('passes the item that was added to shouldRetry', async () => {
    const asked = []
    const shouldRetry = (error, failed) => {
      asked.push({ error, ...failed })
      return false
    }
    const queue = concurrentQueue(() => { throw new Error('broken') }, { concurrency: 1, retry: { attempts: 2, shouldRetry } })
    const { reason: error } = await catchRejection(queue.add('item'))
    assert.deepEqual(asked, [{ error, item: 'item', index: 0, attempt: 1 }])
  })

  it('counts the item it has already taken as waiting when concurrency is lowered, and clear() drops it', async () => {
    const handler = manualHandler()
    const queue = concurrentQueue(handler, { concurrency: 2 })
    const first = queue.add('first')
    queue.concurrency = 1
    const dropped = [queue.add('second'), queue.add('third')]
    assert.equal(queue.size, 2)
    assert.equal(queue.clear(), 2)
    assert.equal(queue.size, 0)
    for (const promise of dropped) assert.equal((await catchRejection(promise)).reason.name, 'AbortError')
    const last = queue.add('last')
    handler.calls[0].resolve()
    await first
    await waitForTurns()
    handler.calls[1].resolve()
    await last
    await queue.close()
    assert.deepEqual(handler.items(), ['first', 'last'])
    const { pulled, completed, skipped } = queue.stats()
    assert.deepEqual({ completed, neverStarted: pulled - completed, skipped }, { completed: 2, neverStarted: 1, skipped: 1 })
  })

  it('runs the item it has already taken when it is closed', async () => {
    const handler = manualHandler()
    const queue = concurrentQueue(handler, { concurrency: 2 })
    const first = queue.add('first')
    queue.concurrency = 1
    const second = queue.add('second')
    const closed = queue.close()
    for (const index of [0, 1]) {
      await waitForTurns()
      handler.calls[index].resolve(index)
    }
    assert.deepEqual(await Promise.all([first, second]), [0, 1])
    await closed
  })

  it('ends without the item it has already taken when it is closed and then cleared', async () => {
    const handler = manualHandler()
    const queue = concurrentQueue(handler, { concurrency: 2 })
    const first = queue.add('first')
    queue.concurrency = 1
    const second = catchRejection(queue.add('second'))
    const closed = queue.close()
    queue.clear()
    handler.calls[0].resolve()
    await Promise.all([first, second, closed])
  })
})
