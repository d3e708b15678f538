'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { Readable } = require('node:stream')
const { finished, pipeline } = require('node:stream/promises')

const { concurrentTransform, forEachConcurrent, mapConcurrent, skip } = require('spillway/stream')

const { countingSource, manualHandler, pushedReadable, quiet, rejectionOf } = require('../support/stream.js')

const broken = new Error('broken')

/** A handler that gives its item, and calls stop() at one of them. */
const stopAt = last => (item, { stop }) => {
  if (item === last) stop()
  return item
}

/** What all results of `[0, 1, 2, 3]` become, of which the test settles each. */
async function started (options) {
  const handler = manualHandler()
  const iterator = mapConcurrent([0, 1, 2, 3], handler, { concurrency: 4, ...options })
  const results = iterator.toArray()
  results.catch(() => {})
  await quiet()
  return { calls: handler.calls, iterator, results }
}

describe('stream: stop()', () => {
  for (const [kind, handler] of [['synchronous', stopAt(2)], ['asynchronous', async (...args) => stopAt(2)(...args)]]) {
    for (const ordered of [true, false]) {
      it(`a handler that is ${kind}, ordered: ${ordered}: the item that calls it is the last result`, async () => {
        const source = countingSource()
        assert.deepEqual(await mapConcurrent(source, handler, { concurrency: 2, ordered }).toArray(), [0, 1, 2])
        assert.equal(source.returned, 1)
      })
    }
  }

  it('in the first item, and in the last one', async () => {
    for (const [last, expected] of [[0, [0]], [3, [0, 1, 2, 3]]]) {
      assert.deepEqual(await mapConcurrent(countingSource(4), stopAt(last), { concurrency: 1 }).toArray(), expected)
    }
  })

  it('with skip, the item that calls it has no result', async () => {
    const handler = (item, { stop }) => {
      if (item < 2) return item
      stop()
      return skip
    }
    assert.deepEqual(await mapConcurrent(countingSource(), handler, { concurrency: 1 }).toArray(), [0, 1])
  })

  it('resolves forEachConcurrent with the stats, in which the items left out are skipped', async () => {
    const handler = manualHandler()
    const job = forEachConcurrent(countingSource(), handler, { concurrency: 3 })
    await quiet()
    handler.calls[1].stop()
    handler.calls[1].resolve()
    handler.calls[0].resolve()
    const { pulled, completed, skipped, failed } = await job
    assert.deepEqual({ pulled, completed, skipped, failed }, { pulled: 3, completed: 2, skipped: 1, failed: 0 })
  })

  it('items before it complete and are delivered, items after it are left out, whether they run or have settled', async () => {
    for (const ordered of [true, false]) {
      const { calls, results, iterator } = await started({ ordered })
      calls[3].resolve('late')
      if (ordered) await quiet() // otherwise it would have been delivered
      calls[1].stop()
      calls[1].resolve('one')
      await quiet()
      calls[0].resolve('zero')
      calls[2].resolve('late')
      assert.deepEqual((await results).sort(), ['one', 'zero'])
      assert.equal(iterator.stats().skipped, 2)
    }
  })

  it('aborts the signals of later items only once the earlier ones are through', async () => {
    const { calls, results, iterator } = await started()
    calls[1].stop()
    calls[1].resolve('one')
    await quiet()
    assert.deepEqual(calls.map(({ signal }) => signal.aborted), [false, false, false, false])
    calls[0].resolve('zero')
    assert.deepEqual(await results, ['zero', 'one'])
    assert.equal(calls[2].signal.reason.name, 'AbortError')

    let idle = false
    iterator.idle.then(() => { idle = true })
    await quiet()
    assert.equal(idle, false)
    calls[2].reject(calls[2].signal.reason)
    calls[3].resolve()
    await iterator.idle
    assert.equal(iterator.stats().lateErrors, 0)
  })

  it('also aborts the signals of items that have one of their own', async () => {
    const { calls, results } = await started({ timeout: 60_000 })
    calls[0].stop()
    calls[0].resolve('zero')
    assert.deepEqual(await results, ['zero'])
    assert.deepEqual(calls.map(({ signal }) => signal.aborted), [false, true, true, true])
  })

  for (const [which, order] of [['the same item', [1, 1]], ['a later item', [1, 2]], ['an earlier item', [2, 1]]]) {
    for (const ordered of [true, false]) {
      it(`a second call in ${which}, ordered: ${ordered}: the earliest item that calls it is the last result`, async () => {
        const { calls, results, iterator } = await started({ ordered })
        for (const index of order) calls[index].stop()
        for (const index of [3, 2, 1, 0]) {
          await quiet()
          calls[index].resolve(index)
        }
        assert.deepEqual((await results).sort(), [0, 1])
        assert.equal(iterator.stats().skipped, 2)
      })
    }
  }

  it('after its item has settled still leaves out what is later', async () => {
    const { calls, results } = await started()
    calls[0].resolve('zero')
    calls[2].resolve('two')
    await quiet()
    calls[0].stop()
    assert.deepEqual(await results, ['zero'])
  })

  it('after the end does nothing', async () => {
    const { calls, results, iterator } = await started()
    for (const { item, resolve } of calls) resolve(item)
    assert.deepEqual(await results, [0, 1, 2, 3])
    calls[0].stop()
    assert.equal(iterator.stats().skipped, 0)
  })

  it('counts an item once that had been skipped before it was left out', async () => {
    const { calls, results, iterator } = await started()
    calls[3].resolve(skip)
    await quiet()
    calls[1].stop()
    for (const { item, resolve } of calls) resolve(item)
    assert.deepEqual(await results, [0, 1])
    assert.equal(iterator.stats().skipped, 2)
  })

  it('counts an item as skipped that had come and found no room', async () => {
    const handler = manualHandler()
    const job = forEachConcurrent([60, 60, 60], handler, { concurrency: 3, maxBytes: 100, sizeOf: size => size })
    await quiet()
    handler.calls[0].stop()
    handler.calls[0].resolve()
    const { pulled, completed, skipped } = await job
    assert.deepEqual({ pulled, completed, skipped }, { pulled: 2, completed: 1, skipped: 1 })
  })

  it('waits for the outcome of its own item, though a later one ran out of time and still runs', async () => {
    for (const ordered of [true, false]) {
      const handler = manualHandler()
      let answer
      const onError = (error, { index }) => index === 1 ? 'skip' : new Promise(resolve => { answer = { resolve, error } })
      const results = mapConcurrent([0, 1], handler, { concurrency: 3, ordered, timeout: 5, onError }).toArray()
      await quiet()
      const { signal } = handler.calls[1]
      if (!signal.aborted) await once(signal, 'abort')
      await quiet()
      handler.calls[0].stop()
      await quiet()
      answer.resolve({ value: answer.error.name })
      assert.deepEqual(await results, ['TimeoutError'])
    }
  })

  it('an earlier item that fails rejects the job', async () => {
    const { calls, results } = await started()
    calls[1].stop()
    calls[0].reject(broken)
    assert.equal((await rejectionOf(results)).reason, broken)
  })

  it('a later item that fails does not, also where its error waited for its turn', async () => {
    for (const options of [{}, { errorOrder: 'inOrder' }]) {
      const { calls, results } = await started(options)
      if (options.errorOrder) calls[3].reject(broken)
      await quiet()
      calls[1].stop()
      calls[2].reject(broken)
      await quiet()
      calls[0].resolve('zero')
      calls[1].resolve('one')
      assert.deepEqual(await results, ['zero', 'one'])
    }
  })

  it('the item that calls it may fail', async () => {
    const handler = (item, { stop }) => {
      stop()
      throw broken
    }
    assert.equal((await rejectionOf(mapConcurrent([0, 1], handler, { concurrency: 1 }).toArray())).reason, broken)
    assert.deepEqual(await mapConcurrent([0, 1], handler, { concurrency: 1, onError: 'continue' }).toArray(), [])
  })

  it('ends a source that has nothing to give, and returns or destroys it unless destroySource is false', async () => {
    for (const destroySource of [true, false]) {
      const source = pushedReadable(0)
      const results = mapConcurrent(source, async (item, { stop }) => {
        await quiet()
        stop()
        return item
      }, { concurrency: 2, destroySource }).toArray()
      assert.deepEqual(await results, [0])
      assert.equal(source.destroyed, destroySource)
    }
  })

  describe('in a Duplex', () => {
    it('pipeline() ends well, and what is still written counts as skipped', async () => {
      const transform = concurrentTransform(stopAt(2), { concurrency: 2 })
      assert.deepEqual(await pipeline(Readable.from(countingSource(50)), transform, stream => stream.toArray()), [0, 1, 2])
      const { completed, skipped } = transform.stats()
      assert.deepEqual({ completed, skipped }, { completed: 3, skipped: 47 })
    })

    it('the chunk that is written next is counted, too, where a slot was free', async () => {
      const handler = manualHandler()
      const transform = concurrentTransform(handler, { concurrency: 2 })
      transform.resume()
      transform.write(0)
      await quiet()
      handler.calls[0].stop()
      handler.calls[0].resolve()
      transform.write(1)
      transform.end(2)
      await finished(transform)
      assert.equal(transform.stats().skipped, 3) // with the result, which is undefined
    })

    it('it finishes, whether end() comes before or after the end of the job', async () => {
      for (const early of [true, false]) {
        const handler = manualHandler()
        const transform = concurrentTransform(handler, { concurrency: 2 })
        transform.resume()
        transform.write('first')
        transform.write('second')
        await quiet()
        if (early) transform.end('third')
        handler.calls[0].stop()
        handler.calls[0].resolve('result')
        await quiet()
        if (!early) transform.end('third')
        await finished(transform)
        assert.equal(transform.stats().skipped, 2)
        handler.calls[1].resolve()
        await transform.idle
      }
    })
  })
})
