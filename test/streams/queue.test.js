'use strict'

const assert = require('node:assert/strict')
const { AsyncLocalStorage } = require('node:async_hooks')
const { once } = require('node:events')

const { concurrentQueue } = require('spillway/stream')

const { manualHandler, waitForTurns, catchRejection } = require('../support/stream.js')

const broken = new Error('broken')

/** Resolves to the outcome of each promise. */
const outcomesOf = async promises => (await Promise.allSettled(promises)).map(({ value, reason }) => value ?? reason.name)

describe('concurrentQueue()', () => {
  it('resolves each add() with the result of its item, whether or not the handler is asynchronous', async () => {
    for (const handler of [item => item * 2, async item => item * 2]) {
      const queue = concurrentQueue(handler, { concurrency: 2 })
      assert.deepEqual(await Promise.all([1, 2, 3].map(item => queue.add(item))), [2, 4, 6])
      assert.equal(await queue.add(4), 8)
      assert.equal(await queue.add(), NaN)
    }
  })

  it('runs at most concurrency handlers, in the order of add()', async () => {
    const handler = manualHandler()
    const queue = concurrentQueue(handler, { concurrency: 2 })
    const results = [0, 1, 2, 3].map(item => queue.add(item))
    await waitForTurns()
    assert.deepEqual(handler.items(), [0, 1])
    assert.equal(queue.size, 2)
    handler.calls[1].resolve('one')
    await waitForTurns()
    assert.deepEqual(handler.items(), [0, 1, 2])
    assert.equal(await results[1], 'one')
    assert.equal(queue.size, 1)
    assert.equal(queue.stats().inFlight, 2)
    handler.calls[0].resolve()
    handler.calls[2].resolve()
    await waitForTurns()
    handler.calls[3].resolve()
    await Promise.all(results)
    assert.equal(queue.stats().completed, 4)
  })

  it('rejects only the promise of a failed item, whatever its handler throws', async () => {
    for (const fail of [reason => { throw reason }, reason => Promise.reject(reason)]) {
      for (const reason of [broken, undefined, null, 'text']) {
        const queue = concurrentQueue(item => item === 1 ? fail(reason) : item, { concurrency: 1 })
        const results = [0, 1, 2].map(item => queue.add(item))
        assert.deepEqual(await catchRejection(results[1]), { reason })
        assert.deepEqual(await Promise.all([results[0], results[2]]), [0, 2])
        assert.equal(await queue.add(3), 3)
        await queue.close()
        const { failed, completed } = queue.stats()
        assert.deepEqual({ failed, completed }, { failed: 1, completed: 3 })
      }
    }
  })

  it('accepts items that a handler adds', async () => {
    const added = []
    const queue = concurrentQueue(item => {
      if (item < 3) added.push(queue.add(item + 1))
      return item
    }, { concurrency: 1 })
    assert.equal(await queue.add(0), 0)
    await waitForTurns()
    assert.deepEqual(await Promise.all(added), [1, 2, 3])
  })

  it('accepts very many items at once without blocking the event loop', async () => {
    let turned = false
    const queue = concurrentQueue(item => item, { concurrency: 4 })
    const results = Array.from({ length: 5000 }, (_, item) => queue.add(item))
    setImmediate(() => { turned = queue.size })
    assert.equal((await Promise.all(results)).at(-1), 4999)
    assert.ok(turned > 0)
    assert.equal(queue.size, 0)
  })

  it('runs each handler, in all attempts, in the asynchronous context in which its item was added', async () => {
    const storage = new AsyncLocalStorage()
    const seen = []
    const queue = storage.run('maker', () => concurrentQueue(async (item, { attempt }) => {
      await waitForTurns()
      seen.push([item, storage.getStore()])
      if (attempt === 1) throw broken
    }, { concurrency: 1, retry: { attempts: 2, delay: 0 } }))
    await Promise.all(['a', 'b', 'c'].map(name => storage.run(`who adds ${name}`, () => queue.add(name))))
    assert.deepEqual(seen, ['a', 'a', 'b', 'b', 'c', 'c'].map(name => [name, `who adds ${name}`]))
  })

  it('passes signal, index and attempt to the handler', async () => {
    const queue = concurrentQueue((item, { signal, index, attempt }) => [signal.aborted, index, attempt], { concurrency: 1 })
    assert.deepEqual(await Promise.all([queue.add('a'), queue.add('b')]), [[false, 0, 1], [false, 1, 1]])
  })

  it('obeys a concurrency that is set while it runs', async () => {
    const handler = manualHandler()
    const queue = concurrentQueue(handler, { concurrency: 1 })
    for (const item of [0, 1, 2]) queue.add(item)
    await waitForTurns()
    queue.concurrency = 3
    assert.deepEqual([queue.concurrency, queue.size], [3, 0])
    assert.deepEqual(handler.items(), [0, 1, 2])
    assert.throws(() => { queue.concurrency = 0 }, RangeError)
  })

  it('does not take the options that concern sources and results', () => {
    const values = { ordered: true, highWaterMark: 1, maxBytes: 1, sizeOf: () => 1, flatten: true, onError: 'stop', maxErrors: 1, errorOrder: 'inOrder', waitForInFlight: true, destroySource: false }
    for (const [name, value] of Object.entries(values)) {
      assert.throws(() => concurrentQueue(() => {}, { concurrency: 1, [name]: value }), {
        name: 'TypeError', code: 'SPILLWAY_UNKNOWN_OPTION', message: `spillway/stream: concurrentQueue() does not take the option "${name}"`
      })
    }
    assert.throws(() => concurrentQueue(() => {}, { concurrency: 0 }), RangeError)
    assert.throws(() => concurrentQueue(undefined, { concurrency: 1 }), TypeError)
  })

  it('ends on stop(): waiting items reject with an AbortError, and running items settle by themselves', async () => {
    const handler = manualHandler()
    const queue = concurrentQueue(handler, { concurrency: 3 })
    const outcomes = outcomesOf(['a', 'b', 'c', 'd'].map(item => queue.add(item)))
    await waitForTurns()
    handler.calls[0].stop()
    handler.calls[1].reject(new TypeError('later'))
    handler.calls[0].resolve('zero')
    await waitForTurns()
    handler.calls[2].reject(handler.calls[2].signal.reason)
    assert.deepEqual(await outcomes, ['zero', 'TypeError', 'AbortError', 'AbortError'])
    assert.equal((await catchRejection(queue.add('e'))).reason.name, 'AbortError')
    await queue.idle
  })

  for (const timeoutFreesSlot of [false, true]) {
    it(`rejects an item that times out with a TimeoutError at once, with timeoutFreesSlot: ${timeoutFreesSlot}`, async () => {
      const slow = manualHandler()
      const queue = concurrentQueue((item, context) => item === 'slow' ? slow(item, context) : item, { concurrency: 1, timeout: 5, timeoutFreesSlot })
      const outcome = catchRejection(queue.add('slow'))
      await waitForTurns()
      let isDone = false
      const next = queue.add('next').then(item => {
        isDone = true
        return item
      })
      const [{ signal, resolve }] = slow.calls
      if (!signal.aborted) await once(signal, 'abort')
      assert.equal((await outcome).reason.name, 'TimeoutError')
      await waitForTurns()
      assert.equal(isDone, timeoutFreesSlot)
      resolve('too late')
      assert.equal(await next, 'next')
      await queue.close()
    })
  }
})
