'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { Duplex, PassThrough, Readable, Writable } = require('node:stream')
const { finished, pipeline } = require('node:stream/promises')

const { concurrentTransform } = require('spillway/stream')

const { countingSource, manualHandler, pushedReadable, waitForTurns, catchRejection } = require('../support/stream.js')

const toArray = stream => stream.toArray()

describe('concurrentTransform()', () => {
  it('returns a Duplex for pipeline() that keeps the order', async () => {
    const transform = concurrentTransform(async item => {
      for (let turns = item % 4; turns > 0; turns--) await waitForTurns()
      return item * 2
    }, { concurrency: 4 })
    assert.ok(transform instanceof Duplex)
    const results = await pipeline(Readable.from(countingSource(40)), transform, toArray)
    assert.deepEqual(results, Array.from({ length: 40 }, (_, index) => index * 2))
    assert.equal(transform.stats().completed, 40)
  })

  it('delivers the results as they become ready with ordered: false', async () => {
    const handler = manualHandler()
    const results = pipeline(Readable.from([0, 1, 2]), concurrentTransform(handler, { concurrency: 3, ordered: false }), toArray)
    await waitForTurns()
    for (const index of [2, 0, 1]) {
      handler.calls[index].resolve(index)
      await waitForTurns()
    }
    assert.deepEqual(await results, [2, 0, 1])
  })

  it('accepts synchronous handlers, and streams that push synchronously', async () => {
    const input = new PassThrough({ objectMode: true })
    for (let item = 1; item <= 15; item++) input.write(item)
    input.end()
    const results = await pipeline(input, concurrentTransform(item => item, { concurrency: 2 }), new PassThrough({ objectMode: true }), toArray)
    assert.deepEqual(results, Array.from({ length: 15 }, (_, index) => index + 1))
  })

  it('ends when nothing was written', async () => {
    assert.deepEqual(await pipeline(Readable.from([]), concurrentTransform(assert.fail, { concurrency: 1 }), toArray), [])
  })

  it('finishes only when every item has its outcome', async () => {
    const handler = manualHandler()
    const transform = concurrentTransform(handler, { concurrency: 1 })
    let hasFinished = false
    transform.on('finish', () => { hasFinished = true })
    transform.resume()
    transform.end('only')
    await waitForTurns()
    assert.equal(hasFinished, false)
    handler.calls[0].resolve('result')
    await finished(transform)
    assert.equal(hasFinished, true)
  })

  it('leaves out results that are undefined', async () => {
    const transform = concurrentTransform(item => item % 2 === 0 ? item : undefined, { concurrency: 2 })
    assert.deepEqual(await pipeline(Readable.from([0, 1, 2, 3, 4]), transform, toArray), [0, 2, 4])
    assert.equal(transform.stats().skipped, 2)
    assert.equal(transform.stats().completed, 5)
  })

  it('fails with a TypeError when a result is null', async () => {
    for (const handler of [() => null, async () => null]) {
      const transform = concurrentTransform(handler, { concurrency: 2 })
      await assert.rejects(pipeline(Readable.from([1]), transform, toArray), /^TypeError: spillway\/stream: concurrentTransform\(\) cannot deliver null, which would end the stream$/)
      assert.equal(transform.stats().failed, 1)
    }
    const tolerant = concurrentTransform(item => item === 1 ? null : item, { concurrency: 2, onError: 'continue' })
    assert.deepEqual(await pipeline(Readable.from([1, 2]), tolerant, toArray), [2])
    const substituting = concurrentTransform(() => null, { concurrency: 2, onError: () => ({ value: null }) })
    await assert.rejects(pipeline(Readable.from([1]), substituting, toArray), /cannot deliver null/)
  })

  it('starts at most concurrency + highWaterMark items when it is not read', async () => {
    for (const [concurrency, highWaterMark, most] of [[2, 0, 2], [2, 3, 5], [3, undefined, 6], [1, 0, 1]]) {
      const handler = manualHandler()
      const transform = concurrentTransform(handler, { concurrency, highWaterMark })
      Readable.from(countingSource()).pipe(transform)
      for (let settled = 0; settled < 20; settled++) {
        await waitForTurns()
        handler.calls[settled]?.resolve(settled)
      }
      assert.equal(handler.calls.length, most)
      assert.equal(transform.read(), 0)
      await waitForTurns()
      assert.equal(handler.calls.length, most + 1)
      transform.destroy()
    }
  })

  it('does not read ahead with concurrency: 1', async () => {
    const handler = manualHandler()
    const transform = concurrentTransform(handler, { concurrency: 1 })
    transform.write('first')
    await waitForTurns()
    assert.equal(transform.write('second'), false)
    await waitForTurns()
    assert.deepEqual(handler.items(), ['first'])
    assert.equal(transform.writableNeedDrain, true)
    transform.destroy()
  })

  it('waits for a slow writable', async () => {
    const seen = []
    const transform = concurrentTransform(item => item, { concurrency: 2, highWaterMark: 0 })
    let most = 0
    const slow = new Writable({
      objectMode: true,
      highWaterMark: 1,
      write (item, encoding, callback) {
        most = Math.max(most, transform.stats().completed - seen.length)
        waitForTurns().then(() => {
          seen.push(item)
          callback()
        })
      }
    })
    await pipeline(Readable.from(countingSource(30)), transform, slow)
    assert.equal(seen.length, 30)
    assert.ok(most <= 4, `${most} results were ahead of the writable`)
  })

  it('can be used with write() and read()', async () => {
    const transform = concurrentTransform(async item => item + 1, { concurrency: 2 })
    transform.write(1)
    transform.write(2)
    transform.end(3)
    const results = []
    for await (const result of transform) results.push(result)
    assert.deepEqual(results, [2, 3, 4])
    assert.equal(transform.destroyed, true)
  })

  it('takes a chunk, an encoding and a callback in end(), each of which is optional', async () => {
    for (const [chunks, ...args] of [[[]], [[], null], [[], undefined], [['x'], 'x'], [[''], ''], [[false], false], [['x'], 'x', 'utf8']]) {
      for (const hasCallback of [true, false]) {
        const transform = concurrentTransform(item => [item], { concurrency: 1 })
        let called = 0
        transform.end(...args, ...(hasCallback ? [() => { called++ }] : []))
        assert.deepEqual(await transform.toArray(), chunks.map(chunk => [chunk]))
        assert.equal(called, hasCallback ? 1 : 0)
      }
    }
  })

  describe('deals with errors: those', () => {
    it('of handlers reject pipeline() as they are, not as an AbortError', async () => {
      const broken = new Error('broken')
      for (const handler of [() => { throw broken }, () => Promise.reject(broken)]) {
        const source = pushedReadable(1, 2)
        const { reason } = await catchRejection(pipeline(source, concurrentTransform(handler, { concurrency: 2 }), toArray))
        assert.equal(reason, broken)
        assert.equal(source.destroyed, true)
      }
    })

    it('of handlers reject pipeline() even if other handlers reject because of the abort', async () => {
      const broken = new Error('broken')
      const transform = concurrentTransform((item, { signal }) => item === 2
        ? Promise.reject(broken)
        : new Promise((resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))), { concurrency: 2 })
      const { reason } = await catchRejection(pipeline(pushedReadable(1, 2), transform, toArray))
      assert.equal(reason, broken)
      await transform.idle
    })

    it('of the source and of the destination abort the handlers', async () => {
      for (const place of ['source', 'destination']) {
        const handler = manualHandler()
        const source = pushedReadable(1)
        const transform = concurrentTransform(handler, { concurrency: 2 })
        const destination = new Writable({ objectMode: true, write () {} })
        const outcome = catchRejection(pipeline(source, transform, destination))
        await waitForTurns()
        const broken = new Error(place)
        const stream = place === 'source' ? source : destination
        stream.destroy(broken)
        assert.equal((await outcome).reason, broken)
        assert.equal(handler.calls[0].signal.aborted, true)
      }
    })

    it('of handlers that are falsy values are wrapped, with the value as the cause', async () => {
      for (const value of [undefined, null, 0, '']) {
        const transform = concurrentTransform(() => Promise.reject(value), { concurrency: 1 })
        const { reason } = await catchRejection(pipeline(Readable.from([1]), transform, toArray))
        assert.ok(reason instanceof Error)
        assert.match(reason.message, /^spillway\/stream: the handler failed with /)
        assert.equal(reason.cause, value)
      }
    })

    it("of a listener for 'data' destroy the stream", async () => {
      const transform = concurrentTransform(async item => item, { concurrency: 1 })
      transform.on('data', () => { throw new Error('from the listener') })
      transform.write(1)
      const [error] = await once(transform, 'error')
      assert.equal(error.message, 'from the listener')
    })

    it('of an aborted signal are its reason', async () => {
      for (const before of [true, false]) {
        const controller = new AbortController()
        if (before) controller.abort(new Error('enough'))
        const transform = concurrentTransform(() => new Promise(() => {}), { concurrency: 1, signal: controller.signal })
        const outcome = assert.rejects(pipeline(pushedReadable(1), transform, toArray), /^Error: enough$/)
        await waitForTurns()
        controller.abort(new Error('enough'))
        await outcome
      }
    })
  })

  it('aborts the running handlers when it is destroyed', async () => {
    const handler = manualHandler()
    const transform = concurrentTransform(handler, { concurrency: 1 })
    transform.write(1)
    await waitForTurns()
    transform.destroy()
    assert.equal(handler.calls[0].signal.reason.name, 'AbortError')
    let idle = false
    transform.idle.then(() => { idle = true })
    await waitForTurns()
    assert.equal(idle, false)
    handler.calls[0].resolve()
    await transform.idle
  })
})
