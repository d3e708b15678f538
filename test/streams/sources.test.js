'use strict'

const assert = require('node:assert/strict')
const { PassThrough, Readable, Writable } = require('node:stream')

const { forEachConcurrent, mapConcurrent } = require('spillway/stream')

const { countingSource, manualHandler, pushedReadable, waitForTurns, catchRejection, collectUnhandledRejections } = require('../support/stream.js')

async function itemsOf (source, options) {
  const items = []
  await forEachConcurrent(source, async item => { items.push(item) }, { concurrency: 3, ...options })
  return items
}

const listenersOf = source => source.eventNames().map(event => [event, source.listenerCount(event)])

describe('Sources of stream helpers:', () => {
  it('arrays, Sets, Maps, strings and generators yield their elements', async () => {
    assert.deepEqual(await itemsOf([1, 2, 3]), [1, 2, 3])
    assert.deepEqual(await itemsOf(new Set([1, 2])), [1, 2])
    assert.deepEqual(await itemsOf(new Map([['a', 1]])), [['a', 1]])
    assert.deepEqual(await itemsOf('añb'), ['a', 'ñ', 'b'])
    assert.deepEqual(await itemsOf((function * () { yield * [1, 2] })()), [1, 2])
  })

  it('async iterables, Readables and web streams yield their items', async () => {
    assert.deepEqual(await itemsOf((async function * () { yield * [1, 2] })()), [1, 2])
    assert.deepEqual(await itemsOf(Readable.from([1, 2])), [1, 2])
    assert.deepEqual(await itemsOf(ReadableStream.from([1, 2])), [1, 2])
  })

  it('a value of several kinds counts as the first of Readable, web stream, async iterable and iterable', async () => {
    const webStream = ReadableStream.from(['web stream'])
    const both = {
      getReader: () => webStream.getReader(),
      async * [Symbol.asyncIterator] () { yield 'async iterable' },
      * [Symbol.iterator] () { yield 'iterable' }
    }
    assert.deepEqual(await itemsOf(both), ['web stream'])
    delete both.getReader
    assert.deepEqual(await itemsOf(both), ['async iterable'])
    delete both[Symbol.asyncIterator]
    assert.deepEqual(await itemsOf(both), ['iterable'])
    const readable = Readable.from(['Readable'])
    readable[Symbol.asyncIterator] = assert.fail
    assert.deepEqual(await itemsOf(readable), ['Readable'])
  })

  it('the elements of an iterable are awaited one at a time and in order', async () => {
    const slow = waitForTurns().then(() => 'slow')
    const thenable = { then: resolve => resolve('thenable') }
    assert.deepEqual(await itemsOf([1, slow, thenable, 2]), [1, 'slow', 'thenable', 2])
    assert.deepEqual(await itemsOf(new Set([slow, 3])), ['slow', 3])
  })

  describe('a promise in an array or a Set', () => {
    const broken = new Error('broken')
    const sources = { array: elements => elements, Set: elements => new Set(elements) }

    for (const [kind, make] of Object.entries(sources)) {
      it(`causes no unhandled rejection when it rejects before it is needed (${kind})`, async () => {
        const reasons = await collectUnhandledRejections(async () => {
          let settle
          const slow = new Promise(resolve => { settle = resolve })
          const job = forEachConcurrent(make([slow, Promise.reject(broken)]), () => {}, { concurrency: 9 })
          await waitForTurns()
          settle()
          assert.equal((await catchRejection(job)).reason, broken)
          mapConcurrent(make([Promise.reject(broken)]), assert.fail, { concurrency: 1 }) // and never iterate it
        })
        assert.deepEqual(reasons, [])
      })

      it(`is a failed item when it rejects, and the job continues (${kind})`, async () => {
        const handled = []
        const judged = []
        const rejected = Promise.reject(broken)
        const job = forEachConcurrent(make([1, rejected, Promise.resolve(2)]), item => { handled.push(item) }, {
          concurrency: 1,
          onError (error, { item, index }) {
            judged.push({ error, index, isElement: item === rejected })
            return 'skip'
          }
        })
        const { pulled, completed, failed, skipped } = await job
        assert.deepEqual(handled, [1, 2])
        assert.deepEqual(judged, [{ error: broken, index: 1, isElement: true }])
        assert.deepEqual({ pulled, completed, failed, skipped }, { pulled: 3, completed: 2, failed: 1, skipped: 1 })
      })
    }

    it("has its rejection reported at the end with onError: 'collect'", async () => {
      const results = []
      const other = new Error('other')
      const iterator = mapConcurrent([Promise.reject(broken), 1, Promise.reject(other)], item => item, { concurrency: 2, onError: 'collect' })
      const { reason } = await catchRejection((async () => { for await (const result of iterator) results.push(result) })())
      assert.deepEqual(results, [1])
      assert.deepEqual(reason.errors, [broken, other])
    })

    it('has no size when it is rejected', async () => {
      const sizes = []
      const sizeOf = item => {
        sizes.push(item)
        return 5
      }
      await forEachConcurrent([1, Promise.reject(broken), 2], () => {}, { concurrency: 1, maxBytes: 5, sizeOf, onError: 'continue' })
      assert.deepEqual(sizes, [1, 2])
    })

    it('is not awaited before it is needed if it is another thenable', async () => {
      let asked = false
      const lazy = {
        then (resolve) {
          asked = true
          resolve('lazy')
        }
      }
      const handler = manualHandler()
      const job = forEachConcurrent([1, lazy], handler, { concurrency: 1 })
      await waitForTurns()
      assert.equal(asked, false)
      handler.calls[0].resolve()
      await waitForTurns()
      handler.calls[1].resolve()
      await job
      assert.deepEqual(handler.items(), [1, 'lazy'])
    })

    it('is awaited to the end if it resolves to another promise', async () => {
      const thenable = { then: resolve => resolve(Promise.resolve('inner')) }
      const callsBackWithThenable = { then: resolve => resolve(thenable) }
      assert.deepEqual(await itemsOf([thenable, callsBackWithThenable]), ['inner', 'inner'])
    })
  })

  it('promises from an async iterable or a Readable are not awaited', async () => {
    const promise = Promise.resolve()
    const next = async () => ({ done: false, value: promise })
    const iterator = mapConcurrent({ [Symbol.asyncIterator]: () => ({ next }) }, item => item === promise, { concurrency: 1 })
    assert.equal((await iterator.next()).value, true)
    await iterator.return()
  })

  it('each chunk of a byte stream is one item, even if several chunks are buffered', async () => {
    for (const encoding of [undefined, 'utf8']) {
      const source = new Readable({ read () {}, encoding })
      for (const chunk of ['a', 'bc', 'def', 'g', 'h', 'i']) source.push(chunk)
      source.push(null)
      await waitForTurns()
      const chunks = await itemsOf(source, { concurrency: 1 })
      assert.deepEqual(chunks.map(String), ['a', 'bc', 'def', 'g', 'h', 'i'])
    }
  })

  it('a Readable is paused while every slot is taken', async () => {
    const handler = manualHandler()
    const source = pushedReadable(0, 1, 2, 3)
    const job = forEachConcurrent(source, handler, { concurrency: 2 })
    await waitForTurns()
    assert.deepEqual(handler.items(), [0, 1])
    assert.equal(source.readableLength, 2)
    assert.equal(source.isPaused(), true)
    handler.calls[0].resolve()
    await waitForTurns()
    assert.equal(source.readableLength, 1)
    source.push(null)
    handler.calls[1].resolve()
    handler.calls[2].resolve()
    await waitForTurns()
    handler.calls[3].resolve()
    await job
  })

  describe("a Readable with a listener for 'readable'", () => {
    const listen = source => source.on('readable', () => {})
    const listenOnce = source => source.once('readable', () => {})

    it('yields all its items', async () => {
      for (const listenFirst of [listen, listenOnce]) {
        for (const source of [pushedReadable(0, undefined, 2, null), Readable.from([0, undefined, 2])]) {
          listenFirst(source)
          assert.deepEqual(await itemsOf(source, { concurrency: 1 }), [0, undefined, 2])
        }
      }
    })

    it('yields all its items when the listener is added later, while the job waits or a handler runs', async () => {
      for (const listenLater of [listen, listenOnce]) {
        const source = pushedReadable()
        const handler = manualHandler()
        const job = forEachConcurrent(source, handler, { concurrency: 1 })
        await waitForTurns()
        listenLater(source)
        source.push(0)
        source.push(1)
        await waitForTurns()
        assert.deepEqual(handler.items(), [0])
        listenLater(source)
        source.push(2)
        source.push(null)
        for (let item = 0; item < 3; item++) {
          await waitForTurns()
          handler.calls[item].resolve()
        }
        await job
        assert.deepEqual(handler.items(), [0, 1, 2])
      }
    })

    it('yields all its bytes, in chunks that may be joined', async () => {
      const source = new Readable({ read () {} })
      listen(source)
      const items = itemsOf(source, { concurrency: 1 })
      for (const chunk of ['a', 'bc', 'def']) {
        source.push(chunk)
        await waitForTurns()
        source.push(chunk)
      }
      source.push(null)
      assert.equal((await items).join(''), 'aabcbcdefdef')
    })

    it('is not read faster than its items are handled', async () => {
      const source = pushedReadable(0, 1, 2, 3)
      listen(source)
      const handler = manualHandler()
      const job = forEachConcurrent(source, handler, { concurrency: 2 })
      await waitForTurns()
      assert.deepEqual(handler.items(), [0, 1])
      assert.equal(source.readableLength, 2)
      source.destroy(new Error('broken'))
      for (const call of handler.calls) call.resolve()
      await assert.rejects(job, /^Error: broken$/)
    })

    it('has no other listener at the end', async () => {
      for (const early of [true, false]) {
        const source = pushedReadable(1)
        if (early) listen(source)
        const before = listenersOf(source)
        const job = forEachConcurrent(source, () => { throw new Error('enough') }, { concurrency: 1, destroySource: false })
        if (!early) listen(source)
        await assert.rejects(job, /enough/)
        if (!early) source.removeAllListeners('readable')
        assert.deepEqual(listenersOf(source), before)
      }
    })
  })

  it('the last chunks of a paused stream that has ended are handled', async () => {
    const source = new PassThrough()
    source.write('first')
    source.end('last')
    const handler = manualHandler()
    const job = forEachConcurrent(source, handler, { concurrency: 1 })
    await waitForTurns()
    handler.calls[0].resolve()
    await waitForTurns()
    handler.calls[1].resolve()
    await job
    assert.deepEqual(handler.items().map(String), ['first', 'last'])
  })

  it('a stream that had ended before the call yields nothing', async () => {
    const readable = Readable.from([1])
    await readable.toArray()
    assert.deepEqual(await itemsOf(readable), [])
    const web = ReadableStream.from([])
    await web.getReader().read()
    const closed = new ReadableStream({ start: controller => controller.close() })
    assert.deepEqual(await itemsOf(closed), [])
  })

  it('a stream that was destroyed before the call fails the job', async () => {
    const broken = new Error('broken')
    const failed = pushedReadable(1)
    failed.on('error', () => {})
    failed.destroy(broken)
    assert.equal((await catchRejection(itemsOf(failed))).reason, broken)
    const destroyed = pushedReadable(1)
    destroyed.destroy()
    assert.equal((await catchRejection(itemsOf(destroyed))).reason.code, 'ERR_STREAM_PREMATURE_CLOSE')
  })

  it('a stream that closes before its end fails the job', async () => {
    const source = pushedReadable(1)
    const outcome = catchRejection(itemsOf(source))
    await waitForTurns()
    source.destroy()
    assert.equal((await outcome).reason.code, 'ERR_STREAM_PREMATURE_CLOSE')
  })

  it('a locked web stream makes the call throw', () => {
    const locked = ReadableStream.from([1])
    locked.getReader()
    assert.throws(() => forEachConcurrent(locked, () => {}, { concurrency: 1 }), { name: 'TypeError', message: /locked/ })
  })

  describe('a Readable with destroySource: false gets back the item that waits for room', () => {
    const options = { concurrency: 2, maxBytes: 3, destroySource: false }

    async function leave (source, given) {
      const controller = new AbortController()
      const handler = manualHandler()
      const job = forEachConcurrent(source, handler, { ...options, ...given, signal: controller.signal })
      await waitForTurns()
      assert.equal(handler.calls.length, 1)
      controller.abort(new Error('enough'))
      await assert.rejects(job, /enough/)
      return String(handler.items())
    }

    it('at its position', async () => {
      for (const end of [[], [null]]) {
        const source = pushedReadable('ab', 'cd', 'ef', ...end)
        assert.equal(await leave(source), 'ab')
        if (end.length === 0) source.push(null)
        assert.deepEqual(await source.toArray(), ['cd', 'ef'])
      }
    })

    it('even if it was the last and the end was not emitted yet', async () => {
      const source = pushedReadable('ab', 'cd')
      assert.equal(await leave(source), 'ab')
      source.push(null)
      assert.deepEqual(await source.toArray(), ['cd'])
    })

    it('as text in the encoding of the stream', async () => {
      for (const encoding of ['utf8', 'base64']) {
        const source = new Readable({ read () {}, encoding })
        for (const chunk of ['abc', 'def', 'ghi']) source.push(chunk)
        assert.equal(await leave(source, { maxBytes: 4 }), Buffer.from('abc').toString(encoding))
        source.push(null)
        assert.equal((await source.toArray()).join(''), Buffer.from('defghi').toString(encoding))
      }
    })

    it("with a listener for 'readable'", async () => {
      const source = pushedReadable('ab', 'cd', 'ef', null)
      source.on('readable', () => {})
      assert.equal(await leave(source), 'ab')
      source.removeAllListeners('readable')
      assert.deepEqual(await source.toArray(), ['cd', 'ef'])
    })

    it('unless the Readable has ended or will be destroyed', async () => {
      const ended = pushedReadable('ab', 'cd')
      const controller = new AbortController()
      ended.on('end', () => controller.abort(new Error('enough'))) // before the job is notified
      const job = forEachConcurrent(ended, manualHandler(), { ...options, signal: controller.signal })
      await waitForTurns()
      ended.push(null)
      ended.read(0)
      await assert.rejects(job, /enough/)
      await waitForTurns()
      assert.equal(ended.errored, null)

      const given = pushedReadable('ab', 'cd', 'ef')
      given.unshift = assert.fail
      await leave(given, { destroySource: true })
    })
  })

  it('a web stream is unlocked at its end', async () => {
    const source = ReadableStream.from([1])
    await itemsOf(source)
    assert.equal(source.locked, false)
  })

  it('a Readable with destroySource: false keeps no listener of the job', async () => {
    const source = pushedReadable(1, 2)
    const before = listenersOf(source)
    await assert.rejects(itemsOf(source, { destroySource: false, signal: AbortSignal.abort(new Error('enough')) }), /enough/)
    assert.deepEqual(listenersOf(source), before)
  })

  it('return() of an iterator is called if it has more items, except with destroySource: false', async () => {
    const cases = [
      { destroySource: true, handlerFails: true, returned: 1 },
      { destroySource: false, handlerFails: true, returned: 0 },
      { destroySource: true, returned: 0 },
      { destroySource: true, sourceFails: true, returned: 0 }
    ]
    for (const kind of [Symbol.iterator, Symbol.asyncIterator]) {
      for (const { destroySource, handlerFails = false, sourceFails = false, ...expected } of cases) {
        let returned = 0
        let left = 3
        const iterator = {
          next () {
            if (left === 1 && sourceFails) throw new Error('failed')
            return left > 0 ? { done: false, value: left-- } : { done: true }
          },
          return: () => ({ done: true, value: returned++ })
        }
        const handler = () => { if (handlerFails) throw new Error('failed') }
        const outcome = forEachConcurrent({ [kind]: () => iterator }, handler, { concurrency: 1, destroySource })
        if (handlerFails || sourceFails) await assert.rejects(outcome, /failed/)
        else await outcome
        await waitForTurns()
        assert.deepEqual({ returned }, expected)
      }
    }
  })

  describe('a generator that ends its own job while it runs', () => {
    const ends = {
      'by the signal': ({ controller }) => controller.abort(new Error('enough')),
      'by return()': ({ iterator }) => { iterator.return() }
    }

    for (const [how, end] of Object.entries(ends)) {
      it(`is closed when its next() has returned (${how})`, async () => {
        const steps = []
        const job = { controller: new AbortController() }
        const source = (function * () {
          try {
            yield 1
            end(job)
            steps.push('ended')
            yield 2
            steps.push('went on')
          } finally {
            steps.push('closed')
          }
        })()
        job.iterator = mapConcurrent(source, item => item, { concurrency: 1, highWaterMark: 0, signal: job.controller.signal })
        assert.equal((await job.iterator.next()).value, 1)
        await job.iterator.next().catch(() => {})
        assert.deepEqual(steps, ['ended', 'closed'])
      })

      it(`is not closed if that call of next() has completed the generator or failed (${how})`, async () => {
        for (const last of [() => ({ done: true }), () => { throw new Error('failed') }]) {
          let returned = 0
          const job = { controller: new AbortController() }
          const next = () => {
            end(job)
            return last()
          }
          const source = { [Symbol.iterator]: () => ({ next, return: () => returned++ }) }
          job.iterator = mapConcurrent(source, assert.fail, { concurrency: 1, signal: job.controller.signal })
          await job.iterator.next().catch(() => {})
          assert.equal(returned, 0)
        }
      })
    }

    it('is not closed with destroySource: false', async () => {
      const controller = new AbortController()
      const source = (function * () {
        controller.abort(new Error('enough'))
        yield 1
        yield 2
      })()
      const options = { concurrency: 1, signal: controller.signal, destroySource: false }
      await assert.rejects(forEachConcurrent(source, assert.fail, options), /enough/)
      assert.equal(source.next().value, 2)
    })
  })

  describe('when a job ends early, the release of its source', () => {
    const broken = new Error('release')

    /** Sources with items whose release waits for `released`. */
    const slow = {
      'async generator': released => (async function * () {
        try {
          yield * countingSource()
        } finally {
          await released
        }
      })(),
      Readable: released => {
        const source = pushedReadable(0, 1, 2, 3)
        source._destroy = (error, callback) => { released.then(() => callback(error), callback) }
        return source
      },
      Duplex: released => {
        const source = new PassThrough({ objectMode: true })
        for (const item of [0, 1, 2, 3]) source.write(item)
        source._destroy = (error, callback) => { released.then(() => callback(error), callback) }
        return source
      },
      'web stream': released => new ReadableStream({ pull: controller => controller.enqueue(0), cancel: () => released })
    }

    /** With these kinds, no `next()` of the source is pending after a result was taken. */
    const options = { concurrency: 1, highWaterMark: 0 }

    async function started (source, given) {
      const iterator = mapConcurrent(source, item => item, { ...options, ...given })
      await iterator.next()
      await waitForTurns()
      return iterator
    }

    function manualRelease () {
      const release = {}
      release.released = new Promise(resolve => { release.resolve = resolve })
      return release
    }

    for (const [kind, make] of Object.entries(slow)) {
      const ways = {
        'return()': iterator => iterator.return(),
        idle: iterator => {
          iterator.return()
          return iterator.idle
        },
        disposal: iterator => iterator[Symbol.asyncDispose]()
      }
      for (const [way, leave] of Object.entries(ways)) {
        it(`is awaited by ${way} (${kind})`, async () => {
          const { released, resolve } = manualRelease()
          const iterator = await started(make(released))
          let left = false
          const leaving = leave(iterator).then(() => { left = true })
          await waitForTurns()
          assert.equal(left, false)
          resolve()
          await leaving
          assert.equal(iterator.stats().lateErrors, 0)
        })
      }
    }

    /** Sources with items whose release fails. */
    const failing = Object.fromEntries(Object.entries(slow).map(([kind, make]) => {
      return [kind, () => {
        const released = Promise.reject(broken)
        released.catch(() => {})
        return make(released)
      }]
    }))
    failing.generator = () => (function * () {
      try {
        yield * countingSource()
      } finally {
        throw broken // eslint-disable-line no-unsafe-finally
      }
    })()
    failing['Readable without close'] = () => {
      const destroy = (error, callback) => callback(error ?? broken)
      const source = new Readable({ objectMode: true, read () {}, destroy, emitClose: false })
      for (const item of [0, 1, 2, 3]) source.push(item)
      return source
    }

    for (const [kind, make] of Object.entries(failing)) {
      it(`rejects return() or disposal with its error, once (${kind})`, async () => {
        for (const leave of [iterator => iterator.return(), iterator => iterator[Symbol.asyncDispose]()]) {
          const iterator = await started(make())
          assert.equal((await catchRejection(leave(iterator))).reason, broken)
          await iterator.return()
          await iterator[Symbol.asyncDispose]()
          assert.equal(iterator.stats().lateErrors, 0)
          assert.equal((await iterator.next()).done, true)
        }
      })

      it(`counts its error if the job has another error (${kind})`, async () => {
        const reasons = await collectUnhandledRejections(async () => {
          const other = new Error('other')
          const job = forEachConcurrent(make(), () => { throw other }, { concurrency: 1 })
          assert.equal((await catchRejection(job)).reason, other)
          await job.idle
          assert.equal(job.stats().lateErrors, 1)

          const controller = new AbortController()
          const iterator = await started(make(), { signal: controller.signal })
          controller.abort(other)
          await iterator[Symbol.asyncDispose]()
          assert.equal(iterator.stats().lateErrors, 1)
        })
        assert.deepEqual(reasons, [])
      })
    }

    it('makes a break throw its error', async () => {
      const broke = (async () => {
        for await (const result of mapConcurrent(failing.generator(), item => item, options)) if (result === 2) break
      })()
      assert.equal((await catchRejection(broke)).reason, broken)
    })

    it('is not awaited by return() while next() of the source is pending; disposal reports its error', async () => {
      let wake
      const source = (async function * () {
        try {
          await new Promise(resolve => { wake = resolve })
          yield 1
        } finally {
          throw broken // eslint-disable-line no-unsafe-finally
        }
      })()
      const iterator = mapConcurrent(source, assert.fail, options)
      const pending = iterator.next()
      await iterator.return()
      assert.equal((await pending).done, true)
      wake()
      await iterator.idle
      assert.equal(iterator.stats().lateErrors, 1)
      assert.equal((await catchRejection(iterator[Symbol.asyncDispose]())).reason, broken)
      assert.equal(iterator.stats().lateErrors, 0)
    })

    it('counts its error for a generator that ends its own job while it runs', async () => {
      const source = (function * () {
        try {
          iterator.return()
          yield 1
        } finally {
          throw broken // eslint-disable-line no-unsafe-finally
        }
      })()
      const iterator = mapConcurrent(source, assert.fail, options)
      const reasons = await collectUnhandledRejections(() => iterator.next())
      assert.deepEqual(reasons, [])
      await iterator.idle
      assert.equal(iterator.stats().lateErrors, 1)
    })

    it("is noticed for a Readable that does not emit 'close'", async () => {
      const source = new Readable({ objectMode: true, read () {}, emitClose: false })
      source.push(0)
      source.push(1)
      const iterator = await started(source)
      let left = false
      iterator.return().then(() => { left = true })
      await waitForTurns()
      assert.equal(left, true)
    })

    it('is awaited for a limited time only', async () => {
      const iterator = await started(slow['async generator'](new Promise(() => {})))
      assert.equal((await iterator.return()).done, true)
      const job = forEachConcurrent(slow.Readable(new Promise(() => {})), () => { throw broken }, { concurrency: 1 })
      await catchRejection(job)
      await job.idle
    })

    it('does not delay the rejection of the job, even with waitForInFlight', async () => {
      for (const waitForInFlight of [false, true]) {
        let rejected = false
        forEachConcurrent(slow['async generator'](new Promise(() => {})), () => { throw broken }, { concurrency: 1, waitForInFlight })
          .catch(() => { rejected = true })
        await waitForTurns()
        assert.equal(rejected, true)
      }
    })

    it('does not report the error of a failed source again', async () => {
      const other = new Error('other')
      const sources = [
        () => {
          const source = pushedReadable(0)
          return { source, fail: () => source.destroy(other) }
        },
        () => {
          const source = new Readable({ objectMode: true, read () {}, autoDestroy: false })
          source.push(0)
          return { source, fail: () => source.emit('error', other) }
        },
        () => {
          let controller
          const source = new ReadableStream({ start (given) { controller = given } })
          controller.enqueue(0)
          return { source, fail: () => controller.error(other) }
        }
      ]
      for (const make of sources) {
        const { source, fail } = make()
        const iterator = mapConcurrent(source, item => item, { concurrency: 2 })
        await iterator.next()
        const next = iterator.next()
        await waitForTurns()
        fail()
        assert.equal((await catchRejection(next)).reason, other)
        await iterator[Symbol.asyncDispose]()
        assert.equal(iterator.stats().lateErrors, 0)
      }
    })

    it('passes the reason to a web stream', async () => {
      const reasons = []
      const make = () => new ReadableStream({ pull: controller => controller.enqueue(0), cancel: reason => { reasons.push(reason) } })
      await catchRejection(forEachConcurrent(make(), () => { throw broken }, { concurrency: 1 }))
      await catchRejection(forEachConcurrent(make(), () => { throw broken }, { concurrency: 1, errorOrder: 'inOrder' }))
      await catchRejection(forEachConcurrent(make(), () => {}, { concurrency: 1, signal: AbortSignal.abort(broken) }))
      const iterator = await started(make())
      await iterator.return()
      assert.deepEqual(reasons.slice(0, 3), [broken, broken, broken])
      assert.equal(reasons[3].name, 'AbortError')
    })
  })

  it('any other value makes the call throw', () => {
    for (const [source, shown] of [
      [undefined, 'undefined'], [null, 'null'], [5, '5'], [{}, 'an object'], [() => {}, 'a function'],
      [new Writable(), 'an instance of Writable']
    ]) {
      for (const [helper, call] of Object.entries({ forEachConcurrent, mapConcurrent })) {
        assert.throws(() => call(source, () => {}, { concurrency: 1 }), {
          name: 'TypeError',
          code: 'SPILLWAY_INVALID_ARGUMENT',
          message: `spillway/stream: ${helper}() takes a Readable, a web ReadableStream, an async iterable or an iterable as its source, got ${shown}`
        })
      }
    }
  })
})
