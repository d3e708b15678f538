'use strict'

const assert = require('node:assert/strict')

const { mapConcurrent } = require('spillway/stream')

const { countingSource, manualHandler, pushedReadable, waitForTurns, catchRejection } = require('../support/stream.js')

async function collect (iterator) {
  const results = []
  for await (const result of iterator) results.push(result)
  return results
}

const done = { done: true, value: undefined }

describe('mapConcurrent()', () => {
  it('delivers the results in the order of the source', async () => {
    const handler = manualHandler()
    const results = collect(mapConcurrent([0, 1, 2], handler, { concurrency: 3 }))
    await waitForTurns()
    for (const index of [2, 0, 1]) {
      handler.calls[index].resolve(`result ${index}`)
      await waitForTurns()
    }
    assert.deepEqual(await results, ['result 0', 'result 1', 'result 2'])
  })

  it('delivers the results as they become ready with ordered: false', async () => {
    const handler = manualHandler()
    const results = collect(mapConcurrent([0, 1, 2], handler, { concurrency: 3, ordered: false }))
    await waitForTurns()
    for (const index of [2, 0, 1]) {
      handler.calls[index].resolve(index)
      await waitForTurns()
    }
    assert.deepEqual(await results, [2, 0, 1])
  })

  it('keeps the order with synchronous and asynchronous results mixed', async () => {
    const handler = item => item % 3 === 0 ? item : waitForTurns().then(() => item)
    const results = await collect(mapConcurrent(countingSource(100), handler, { concurrency: 7 }))
    assert.deepEqual(results, Array.from({ length: 100 }, (_, index) => index))
  })

  it('delivers null and undefined', async () => {
    const values = [null, undefined, 0, false, '']
    for (const ordered of [true, false]) {
      assert.deepEqual(await collect(mapConcurrent(values, item => item, { concurrency: 1, ordered })), values)
    }
  })

  it('takes nothing from the source before the first next()', async () => {
    const source = countingSource()
    const iterator = mapConcurrent(source, item => item, { concurrency: 4 })
    await waitForTurns()
    assert.equal(source.pulled, 0)
    assert.deepEqual(await iterator.next(), { done: false, value: 0 })
    await iterator.return()
  })

  it('is done when the source is, and stays done', async () => {
    const iterator = mapConcurrent([1], item => item, { concurrency: 4 })
    assert.deepEqual(await iterator.next(), { done: false, value: 1 })
    assert.deepEqual(await iterator.next(), done)
    assert.deepEqual(await iterator.next(), done)
    assert.deepEqual(await mapConcurrent([], assert.fail, { concurrency: 1 }).next(), done)
  })

  it('answers overlapping calls of next() in order, even beyond the end', async () => {
    const handler = manualHandler()
    const iterator = mapConcurrent(['a', 'b'], handler, { concurrency: 2 })
    const answered = []
    const answers = [0, 1, 2, 3].map(async call => {
      const answer = await iterator.next()
      answered.push(call)
      return answer
    })
    await waitForTurns()
    handler.calls[1].resolve('B')
    await waitForTurns()
    assert.deepEqual(answered, [])
    handler.calls[0].resolve('A')
    assert.deepEqual(await Promise.all(answers), [{ done: false, value: 'A' }, { done: false, value: 'B' }, done, done])
    assert.deepEqual(answered, [0, 1, 2, 3])
  })

  it('delivers the oldest result to a call of next() from inside the handler', async () => {
    for (const ordered of [true, false]) {
      let inner
      const iterator = mapConcurrent(countingSource(), item => {
        if (item === 3) inner = iterator.next()
        return item
      }, { concurrency: 2, highWaterMark: 4, ordered })
      assert.equal((await iterator.next()).value, 0)
      assert.equal((await inner).value, 1)
      assert.equal((await iterator.next()).value, 2)
      await iterator.return()
    }
  })

  it('rejects one call of next(), and is done for the others', async () => {
    const iterator = mapConcurrent([1], () => { throw new Error('once') }, { concurrency: 1 })
    const [first, second] = await Promise.allSettled([iterator.next(), iterator.next()])
    assert.equal(first.reason.message, 'once')
    assert.deepEqual(second.value, done)
    assert.deepEqual(await iterator.next(), done)
  })

  it('reports an error that occurs between two calls of next() to the second', async () => {
    const handler = manualHandler()
    const iterator = mapConcurrent([0, 1], handler, { concurrency: 2 })
    const first = iterator.next()
    await waitForTurns()
    handler.calls[0].resolve('fine')
    await first
    handler.calls[1].reject(new Error('kept'))
    await waitForTurns()
    await assert.rejects(iterator.next(), /^Error: kept$/)
    assert.deepEqual(await iterator.next(), done)
  })

  describe('when the consumer stops early,', () => {
    it('closes the source and aborts the running handlers on break', async () => {
      const source = countingSource()
      const handler = manualHandler()
      const iterator = mapConcurrent(source, handler, { concurrency: 3, highWaterMark: 0 })
      const results = []
      const left = (async () => {
        for await (const result of iterator) {
          results.push(result)
          if (results.length === 1) break
        }
      })()
      await waitForTurns()
      handler.calls[0].resolve('first')
      await left
      assert.deepEqual(results, ['first'])
      assert.equal(source.returned, 1)
      const [, ...running] = handler.calls
      assert.ok(running.length >= 2)
      assert.ok(running.every(({ signal }) => signal.aborted && signal.reason.name === 'AbortError'))
      await waitForTurns()
      assert.equal(source.pulled, handler.calls.length)
    })

    it('resolves return() at once while next() is pending and the source has no item', async () => {
      const source = pushedReadable()
      const iterator = mapConcurrent(source, assert.fail, { concurrency: 2 })
      const pending = iterator.next()
      await waitForTurns()
      assert.deepEqual(await iterator.return('given'), { done: true, value: 'given' })
      assert.deepEqual(await pending, done)
      assert.equal(source.destroyed, true)
    })

    it('does not wait in return() for a generator that is itself waiting', async () => {
      let returned = false
      const source = {
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise(() => {}),
          return: () => {
            returned = true
            return new Promise(() => {})
          }
        })
      }
      const iterator = mapConcurrent(source, assert.fail, { concurrency: 2 })
      const pending = iterator.next()
      await iterator.return()
      assert.deepEqual(await pending, done)
      assert.equal(returned, true)
    })

    it('does not start an item that arrives after return()', async () => {
      let give
      const source = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(resolve => { give = resolve }) }) }
      const iterator = mapConcurrent(source, assert.fail, { concurrency: 2 })
      const pending = iterator.next()
      await iterator.return()
      give({ done: false, value: 'late' })
      assert.deepEqual(await pending, done)
      await waitForTurns()
      assert.equal(iterator.stats().pulled, 0)
    })

    it('cancels a web stream that has no item in return()', async () => {
      let cancelled = false
      const source = new ReadableStream({ cancel () { cancelled = true } })
      const iterator = mapConcurrent(source, assert.fail, { concurrency: 2 })
      const pending = iterator.next()
      await waitForTurns()
      await iterator.return()
      assert.deepEqual(await pending, done)
      assert.equal(cancelled, true)
      assert.equal(source.locked, false)
    })

    it('destroys the source in return() before the first next()', async () => {
      const source = pushedReadable(1)
      const iterator = mapConcurrent(source, assert.fail, { concurrency: 2 })
      await iterator.return()
      assert.equal(source.destroyed, true)
      assert.deepEqual(await iterator.next(), done)
    })

    it('drops an error that was not reported in return()', async () => {
      const handler = manualHandler()
      const iterator = mapConcurrent([0, 1], handler, { concurrency: 2 })
      const first = iterator.next()
      await waitForTurns()
      handler.calls[0].resolve()
      await first
      handler.calls[1].reject(new Error('dropped'))
      await waitForTurns()
      await iterator.return()
      assert.deepEqual(await iterator.next(), done)
    })

    it('leaves the remaining items in the source with destroySource: false', async () => {
      const source = pushedReadable(1, 2, 3)
      const iterator = mapConcurrent(source, item => item, { concurrency: 1, highWaterMark: 0, destroySource: false })
      assert.equal((await iterator.next()).value, 1)
      await iterator.return()
      await waitForTurns()
      assert.equal(source.destroyed, false)
      assert.deepEqual(source.eventNames().filter(name => name === 'data' || name === 'error'), [])
      source.push(null)
      assert.deepEqual(await collect(source), [3]) // 2 had been started
    })

    it('waits in disposal until the running handlers have settled', async () => {
      const handler = manualHandler()
      const iterator = mapConcurrent(countingSource(), handler, { concurrency: 2 })
      const pending = iterator.next()
      await waitForTurns()
      let disposed = false
      const disposal = iterator[Symbol.asyncDispose]().then(() => { disposed = true })
      assert.deepEqual(await pending, done)
      await waitForTurns()
      assert.equal(disposed, false)
      handler.calls[0].resolve()
      handler.calls[1].reject(new Error('late'))
      await disposal
      assert.equal(iterator.stats().inFlight, 0)
      assert.equal(iterator.stats().lateErrors, 1)
    })
  })

  describe('within its limits on buffered results,', () => {
    it('starts at most concurrency + highWaterMark items that are not delivered', async () => {
      for (const [concurrency, highWaterMark, most] of [[2, 0, 2], [2, 5, 7], [3, undefined, 6], [1, undefined, 2]]) {
        const source = countingSource()
        const iterator = mapConcurrent(source, async item => item, { concurrency, highWaterMark })
        await iterator.next()
        await waitForTurns()
        assert.equal(source.pulled - 1, most)
        assert.equal(iterator.stats().buffered, most)
        await iterator.next()
        await waitForTurns()
        assert.equal(source.pulled - 2, most)
        await iterator.return()
      }
    })

    it('counts results that wait for an earlier item', async () => {
      const source = countingSource()
      const handler = manualHandler()
      const iterator = mapConcurrent(source, handler, { concurrency: 2, highWaterMark: 3 })
      const first = iterator.next()
      await waitForTurns()
      for (let index = 1; index < 5; index++) {
        handler.calls[index].resolve(index)
        await waitForTurns()
      }
      assert.equal(handler.calls.length, 5)
      assert.equal(iterator.stats().buffered, 4)
      handler.calls[0].resolve(0)
      assert.equal((await first).value, 0)
      await iterator.return()
    })

    it('uses the current concurrency when highWaterMark is not given', async () => {
      const source = countingSource()
      const iterator = mapConcurrent(source, item => item, { concurrency: 2 })
      await iterator.next()
      await waitForTurns()
      iterator.concurrency = 10
      await waitForTurns()
      assert.equal(source.pulled - 1, 20)
      await iterator.return()
    })

    it('never exceeds maxBytes, except for a single item that is larger', async () => {
      const handler = manualHandler()
      const sizes = [40, 40, 40, 300, 10]
      const iterator = mapConcurrent(sizes, handler, { concurrency: 10, maxBytes: 100, sizeOf: size => size })
      const results = collect(iterator)
      const running = () => iterator.stats().inFlight
      await waitForTurns()
      assert.equal(running(), 2)
      assert.equal(iterator.stats().bytes, 80)
      assert.equal(iterator.stats().pulled, 3)
      handler.calls[0].resolve()
      await waitForTurns()
      assert.deepEqual(handler.items(), [40, 40, 40])
      handler.calls[1].resolve()
      await waitForTurns()
      assert.equal(running(), 1)
      handler.calls[2].resolve()
      await waitForTurns()
      assert.deepEqual(handler.items(), [40, 40, 40, 300])
      assert.equal(iterator.stats().bytes, 300)
      handler.calls[3].resolve()
      await waitForTurns()
      handler.calls[4].resolve()
      await results
      assert.equal(iterator.stats().bytes, 0)
    })

    it('knows the size of Buffers and strings, and requires sizeOf for other items', async () => {
      const handler = manualHandler()
      const iterator = mapConcurrent([Buffer.alloc(10), 'äö', new Uint16Array(4)], handler, { concurrency: 5, maxBytes: 100 })
      const first = iterator.next()
      await waitForTurns()
      assert.equal(iterator.stats().bytes, 10 + 4 + 8)
      await iterator.return()
      await first
      await assert.rejects(mapConcurrent([{}], handler, { concurrency: 5, maxBytes: 100 }).next(), /^TypeError: spillway\/stream: option "sizeOf" is required for items that are not .* got an object$/)
    })

    it('fails when sizeOf throws or does not return a size', async () => {
      const broken = new Error('no size')
      for (const [sizeOf, expected] of [
        [() => { throw broken }, broken],
        [() => NaN, /^spillway\/stream: sizeOf must return a number from 0 up, got NaN$/],
        [() => -1, /sizeOf must return a number from 0 up, got -1$/],
        [() => '5', /sizeOf must return a number from 0 up, got "5"$/]
      ]) {
        const source = countingSource()
        const { reason } = await catchRejection(mapConcurrent(source, assert.fail, { concurrency: 1, sizeOf }).next())
        if (expected instanceof Error) assert.equal(reason, expected)
        else assert.match(reason.message, expected)
        assert.equal(source.returned, 1)
      }
    })
  })
})
