'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { Readable } = require('node:stream')
const { finished, pipeline } = require('node:stream/promises')

const { concurrentTransform, forEachConcurrent, mapConcurrent, skip } = require('spillway/stream')

const { countingSource, manualHandler, pushedReadable, waitForTurns, catchRejection } = require('../support/stream.js')

const broken = new Error('broken')

/** Returns a handler that returns its item, and calls stop() for one of them. */
const stopAt = last => (item, { stop }) => {
  if (item === last) stop()
  return item
}

/** Maps `[0, 1, 2, 3]` with a handler whose calls the test settles, and returns the promise of all results. */
async function started (options) {
  const handler = manualHandler()
  const iterator = mapConcurrent([0, 1, 2, 3], handler, { concurrency: 4, ...options })
  const results = iterator.toArray()
  results.catch(() => {})
  await waitForTurns()
  return { calls: handler.calls, iterator, results }
}

describe('stop() of a stream handler', () => {
  for (const [kind, handler] of [['synchronous', stopAt(2)], ['asynchronous', async (...args) => stopAt(2)(...args)]]) {
    for (const ordered of [true, false]) {
      it(`makes the item that calls it the last result, with ordered: ${ordered} and a handler that is ${kind}`, async () => {
        const source = countingSource()
        assert.deepEqual(await mapConcurrent(source, handler, { concurrency: 2, ordered }).toArray(), [0, 1, 2])
        assert.equal(source.returned, 1)
      })
    }
  }

  it('may be called for the first item and for the last one', async () => {
    for (const [last, expected] of [[0, [0]], [3, [0, 1, 2, 3]]]) {
      assert.deepEqual(await mapConcurrent(countingSource(4), stopAt(last), { concurrency: 1 }).toArray(), expected)
    }
  })

  it('leaves out the item that calls it if its handler returns skip', async () => {
    const handler = (item, { stop }) => {
      if (item < 2) return item
      stop()
      return skip
    }
    assert.deepEqual(await mapConcurrent(countingSource(), handler, { concurrency: 1 }).toArray(), [0, 1])
  })

  it('resolves forEachConcurrent() with the stats, which count the dropped items as skipped', async () => {
    const handler = manualHandler()
    const job = forEachConcurrent(countingSource(), handler, { concurrency: 3 })
    await waitForTurns()
    handler.calls[1].stop()
    handler.calls[1].resolve()
    handler.calls[0].resolve()
    const { pulled, completed, skipped, failed } = await job
    assert.deepEqual({ pulled, completed, skipped, failed }, { pulled: 3, completed: 2, skipped: 1, failed: 0 })
  })

  it('delivers the items before it, and drops the items after it, whether they run or have settled', async () => {
    for (const ordered of [true, false]) {
      const { calls, results, iterator } = await started({ ordered })
      calls[3].resolve('late')
      if (ordered) await waitForTurns() // otherwise it would have been delivered
      calls[1].stop()
      calls[1].resolve('one')
      await waitForTurns()
      calls[0].resolve('zero')
      calls[2].resolve('late')
      assert.deepEqual((await results).sort(), ['one', 'zero'])
      assert.equal(iterator.stats().skipped, 2)
    }
  })

  it('aborts the signals of later items only when the earlier ones are done', async () => {
    const { calls, results, iterator } = await started()
    calls[1].stop()
    calls[1].resolve('one')
    await waitForTurns()
    assert.deepEqual(calls.map(({ signal }) => signal.aborted), [false, false, false, false])
    calls[0].resolve('zero')
    assert.deepEqual(await results, ['zero', 'one'])
    assert.equal(calls[2].signal.reason.name, 'AbortError')

    let idle = false
    iterator.idle.then(() => { idle = true })
    await waitForTurns()
    assert.equal(idle, false)
    calls[2].reject(calls[2].signal.reason)
    calls[3].resolve()
    await iterator.idle
    assert.equal(iterator.stats().lateErrors, 0)
  })

  it('also aborts the signals that items have of their own with timeout', async () => {
    const { calls, results } = await started({ timeout: 60_000 })
    calls[0].stop()
    calls[0].resolve('zero')
    assert.deepEqual(await results, ['zero'])
    assert.deepEqual(calls.map(({ signal }) => signal.aborted), [false, true, true, true])
  })

  for (const [which, order] of [['the same item', [1, 1]], ['a later item', [1, 2]], ['an earlier item', [2, 1]]]) {
    for (const ordered of [true, false]) {
      it(`makes the earliest item that calls it the last result if it is called again in ${which}, with ordered: ${ordered}`, async () => {
        const { calls, results, iterator } = await started({ ordered })
        for (const index of order) calls[index].stop()
        for (const index of [3, 2, 1, 0]) {
          await waitForTurns()
          calls[index].resolve(index)
        }
        assert.deepEqual((await results).sort(), [0, 1])
        assert.equal(iterator.stats().skipped, 2)
      })
    }
  }

  it('still drops later items when it is called after its item has settled', async () => {
    const { calls, results } = await started()
    calls[0].resolve('zero')
    calls[2].resolve('two')
    await waitForTurns()
    calls[0].stop()
    assert.deepEqual(await results, ['zero'])
  })

  it('does nothing after the end', async () => {
    const { calls, results, iterator } = await started()
    for (const { item, resolve } of calls) resolve(item)
    assert.deepEqual(await results, [0, 1, 2, 3])
    calls[0].stop()
    assert.equal(iterator.stats().skipped, 0)
  })

  it('counts an item once that was skipped before it was dropped', async () => {
    const { calls, results, iterator } = await started()
    calls[3].resolve(skip)
    await waitForTurns()
    calls[1].stop()
    for (const { item, resolve } of calls) resolve(item)
    assert.deepEqual(await results, [0, 1])
    assert.equal(iterator.stats().skipped, 2)
  })

  it('counts an item that waits for room as skipped', async () => {
    const handler = manualHandler()
    const job = forEachConcurrent([60, 60, 60], handler, { concurrency: 3, maxBytes: 100, sizeOf: size => size })
    await waitForTurns()
    handler.calls[0].stop()
    handler.calls[0].resolve()
    const { pulled, completed, skipped } = await job
    assert.deepEqual({ pulled, completed, skipped }, { pulled: 2, completed: 1, skipped: 1 })
  })

  it('waits for the outcome of its own item even if a later one has timed out and still runs', async () => {
    for (const ordered of [true, false]) {
      const handler = manualHandler()
      let answer
      const onError = (error, { index }) => index === 1 ? 'skip' : new Promise(resolve => { answer = { resolve, error } })
      const results = mapConcurrent([0, 1], handler, { concurrency: 3, ordered, timeout: 5, onError }).toArray()
      await waitForTurns()
      const { signal } = handler.calls[1]
      if (!signal.aborted) await once(signal, 'abort')
      await waitForTurns()
      handler.calls[0].stop()
      await waitForTurns()
      answer.resolve({ value: answer.error.name })
      assert.deepEqual(await results, ['TimeoutError'])
    }
  })

  it('does not prevent an earlier item that fails from rejecting the job', async () => {
    const { calls, results } = await started()
    calls[1].stop()
    calls[0].reject(broken)
    assert.equal((await catchRejection(results)).reason, broken)
  })

  it('ignores a later item that fails, even if its error was waiting for delivery', async () => {
    for (const options of [{}, { errorOrder: 'inOrder' }]) {
      const { calls, results } = await started(options)
      if (options.errorOrder) calls[3].reject(broken)
      await waitForTurns()
      calls[1].stop()
      calls[2].reject(broken)
      await waitForTurns()
      calls[0].resolve('zero')
      calls[1].resolve('one')
      assert.deepEqual(await results, ['zero', 'one'])
    }
  })

  it('may be called by an item that then fails, which rejects the job', async () => {
    const handler = (item, { stop }) => {
      stop()
      throw broken
    }
    assert.equal((await catchRejection(mapConcurrent([0, 1], handler, { concurrency: 1 }).toArray())).reason, broken)
    assert.deepEqual(await mapConcurrent([0, 1], handler, { concurrency: 1, onError: 'continue' }).toArray(), [])
  })

  it('ends the job while the source has no item, and closes the source unless destroySource is false', async () => {
    for (const destroySource of [true, false]) {
      const source = pushedReadable(0)
      const results = mapConcurrent(source, async (item, { stop }) => {
        await waitForTurns()
        stop()
        return item
      }, { concurrency: 2, destroySource }).toArray()
      assert.deepEqual(await results, [0])
      assert.equal(source.destroyed, destroySource)
    }
  })

  describe('in a concurrentTransform()', () => {
    it('lets pipeline() end without an error, and counts chunks that are still written as skipped', async () => {
      const transform = concurrentTransform(stopAt(2), { concurrency: 2 })
      assert.deepEqual(await pipeline(Readable.from(countingSource(50)), transform, stream => stream.toArray()), [0, 1, 2])
      const { completed, skipped } = transform.stats()
      assert.deepEqual({ completed, skipped }, { completed: 3, skipped: 47 })
    })

    it('also counts the next chunk that is written while a slot is free', async () => {
      const handler = manualHandler()
      const transform = concurrentTransform(handler, { concurrency: 2 })
      transform.resume()
      transform.write(0)
      await waitForTurns()
      handler.calls[0].stop()
      handler.calls[0].resolve()
      transform.write(1)
      transform.end(2)
      await finished(transform)
      assert.equal(transform.stats().skipped, 3) // with the result, which is undefined
    })

    it('lets the Duplex finish, whether end() is called before or after the end of the job', async () => {
      for (const early of [true, false]) {
        const handler = manualHandler()
        const transform = concurrentTransform(handler, { concurrency: 2 })
        transform.resume()
        transform.write('first')
        transform.write('second')
        await waitForTurns()
        if (early) transform.end('third')
        handler.calls[0].stop()
        handler.calls[0].resolve('result')
        await waitForTurns()
        if (!early) transform.end('third')
        await finished(transform)
        assert.equal(transform.stats().skipped, 2)
        handler.calls[1].resolve()
        await transform.idle
      }
    })
  })
})
