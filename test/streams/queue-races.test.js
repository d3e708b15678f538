'use strict'

const assert = require('node:assert/strict')

const { concurrentQueue } = require('spillway/stream')

const { manualHandler, quiet, rejectionOf } = require('../support/stream.js')

describe('stream: a queue that ends, or changes, while items run', () => {
  it('aborted or stopped: each promise of a running item settles as its handler does', async () => {
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
      await quiet()
      end({ stop }, controller)
      handler.calls[1].reject('broken')
      handler.calls[2].resolve('late')
      await quiet()
      handler.calls[0].resolve('first')
      assert.deepEqual((await outcomes).map(({ value, reason }) => value ?? reason), ['first', 'broken', 'late'], name)
    }
  })

  it('aborted while an item waits to be tried again: its promise rejects with the error of the last attempt', async () => {
    const controller = new AbortController()
    const queue = concurrentQueue(item => { throw item }, { concurrency: 1, retry: { attempts: 2, delay: 2 ** 30 }, signal: controller.signal })
    const outcome = rejectionOf(queue.add('broken'))
    await quiet()
    assert.equal(queue.stats().retries, 1)
    controller.abort()
    assert.equal((await outcome).reason, 'broken')
  })

  it('asks shouldRetry about the item that was added', async () => {
    const asked = []
    const shouldRetry = (error, failed) => {
      asked.push({ error, ...failed })
      return false
    }
    const queue = concurrentQueue(() => { throw new Error('broken') }, { concurrency: 1, retry: { attempts: 2, shouldRetry } })
    const { reason: error } = await rejectionOf(queue.add('item'))
    assert.deepEqual(asked, [{ error, item: 'item', index: 0, attempt: 1 }])
  })

  it('whose concurrency was lowered: an item that was asked for counts among those that wait, and clear() drops it', async () => {
    const handler = manualHandler()
    const queue = concurrentQueue(handler, { concurrency: 2 })
    const first = queue.add('first')
    queue.concurrency = 1
    const dropped = [queue.add('second'), queue.add('third')]
    assert.equal(queue.size, 2)
    assert.equal(queue.clear(), 2)
    assert.equal(queue.size, 0)
    for (const promise of dropped) assert.equal((await rejectionOf(promise)).reason.name, 'AbortError')
    const last = queue.add('last')
    handler.calls[0].resolve()
    await first
    await quiet()
    handler.calls[1].resolve()
    await last
    await queue.close()
    assert.deepEqual(handler.items(), ['first', 'last'])
    const { pulled, completed, skipped } = queue.stats()
    assert.deepEqual({ completed, neverStarted: pulled - completed, skipped }, { completed: 2, neverStarted: 1, skipped: 1 })
  })

  it('closed while the item that was asked for waits: runs it', async () => {
    const handler = manualHandler()
    const queue = concurrentQueue(handler, { concurrency: 2 })
    const first = queue.add('first')
    queue.concurrency = 1
    const second = queue.add('second')
    const closed = queue.close()
    for (const index of [0, 1]) {
      await quiet()
      handler.calls[index].resolve(index)
    }
    assert.deepEqual(await Promise.all([first, second]), [0, 1])
    await closed
  })

  it('closed, then cleared while the item that was asked for waits: is over', async () => {
    const handler = manualHandler()
    const queue = concurrentQueue(handler, { concurrency: 2 })
    const first = queue.add('first')
    queue.concurrency = 1
    const second = rejectionOf(queue.add('second'))
    const closed = queue.close()
    queue.clear()
    handler.calls[0].resolve()
    await Promise.all([first, second, closed])
  })
})
