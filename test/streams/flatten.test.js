'use strict'

const assert = require('node:assert/strict')
const { Readable } = require('node:stream')
const { pipeline } = require('node:stream/promises')
const { setImmediate: nextTurn } = require('node:timers/promises')

const { concurrentTransform, forEachConcurrent, mapConcurrent, skip } = require('spillway/stream')

const { countingSource, waitForTurns, catchRejection } = require('../support/stream.js')

const broken = new Error('broken')

/** An endless iterable of numbers that counts how many were taken and whether it was closed. */
function endless () {
  const given = { count: 0, closed: false }
  given.generator = async function * () {
    try {
      for (;;) yield given.count++
    } finally {
      given.closed = true
    }
  }
  return given
}

/** An async iterable to which the test pushes items. */
function pushedIterable () {
  const stream = new Readable({ objectMode: true, read () {} })
  return { push: value => stream.push(value), end: () => stream.push(null), fail: error => stream.destroy(error), iterable: stream }
}

const handlers = {
  'an array': item => [item, item + 0.5],
  'a promise of an array': async item => [item, item + 0.5],
  'an array of promises': item => [Promise.resolve(item), waitForTurns().then(() => item + 0.5)],
  'a Set': item => new Set([item, item + 0.5]),
  'a generator': function * (item) {
    yield item
    yield item + 0.5
  },
  'an async generator': async function * (item) {
    yield item
    await waitForTurns()
    yield item + 0.5
  },
  'a Readable': item => Readable.from([item, item + 0.5])
}

describe('The flatten option of a stream helper', () => {
  for (const [kind, handler] of Object.entries(handlers)) {
    it(`delivers each element of ${kind} as a result`, async () => {
      const options = { concurrency: 2, flatten: true }
      const expected = [0, 0.5, 1, 1.5, 2, 2.5]
      const iterated = []
      for await (const result of mapConcurrent([0, 1, 2], handler, options)) iterated.push(result)
      assert.deepEqual(iterated, expected)
      assert.deepEqual(await mapConcurrent([0, 1, 2], handler, options).toArray(), expected)
      assert.deepEqual(await pipeline(Readable.from([0, 1, 2]), concurrentTransform(handler, options), stream => stream.toArray()), expected)
      assert.deepEqual((await mapConcurrent([0, 1, 2], handler, { ...options, ordered: false }).toArray()).sort(), expected)
      assert.equal((await forEachConcurrent([0, 1, 2], handler, options)).completed, 3)
    })
  }

  it('delivers nothing for an empty iterable or an empty source', async () => {
    assert.deepEqual(await mapConcurrent([0, 1, 2], item => item === 1 ? [] : [item], { concurrency: 2, flatten: true }).toArray(), [0, 2])
    assert.deepEqual(await mapConcurrent([0, 1, 2], () => [], { concurrency: 2, flatten: true }).toArray(), [])
    assert.deepEqual(await mapConcurrent([], assert.fail, { concurrency: 2, flatten: true }).toArray(), [])
  })

  it('leaves out elements that are skip; only a Duplex leaves out undefined and fails on null', async () => {
    const options = { concurrency: 1, flatten: true }
    const handler = () => [1, skip, undefined, 2]
    assert.deepEqual(await mapConcurrent([0], handler, options).toArray(), [1, undefined, 2])
    assert.deepEqual(await pipeline(Readable.from([0]), concurrentTransform(handler, options), stream => stream.toArray()), [1, 2])
    const failing = pipeline(Readable.from([0]), concurrentTransform(() => [null], options), stream => stream.toArray())
    await assert.rejects(failing, /^TypeError: spillway\/stream: concurrentTransform\(\) cannot deliver null/)
  })

  it('fails the item when its handler returns a string or something that is not iterable', async () => {
    for (const [value, shown] of [['text', '"text"'], [5, '5'], [undefined, 'undefined'], [null, 'null'], [{}, 'an object']]) {
      for (const handler of [() => value, async () => value]) {
        await assert.rejects(mapConcurrent([0], handler, { concurrency: 1, flatten: true }).toArray(), {
          name: 'TypeError', message: `spillway/stream: with flatten, the handler must return an iterable or an async iterable, got ${shown}`
        })
      }
    }
    assert.deepEqual(await mapConcurrent(['a', ['b']], item => item, { concurrency: 1, flatten: true, onError: 'continue' }).toArray(), ['b'])
  })

  it('delivers results before the iterable has ended, and keeps the slot until then', async () => {
    const pushed = [pushedIterable(), pushedIterable()]
    const iterator = mapConcurrent([0, 1], item => pushed[item].iterable, { concurrency: 1, flatten: true })
    const first = iterator.next()
    await waitForTurns()
    pushed[0].push('zero')
    assert.equal((await first).value, 'zero')
    assert.deepEqual([iterator.stats().inFlight, iterator.stats().pulled], [1, 1])
    pushed[0].end()
    const second = iterator.next()
    await waitForTurns()
    assert.equal(iterator.stats().pulled, 2)
    pushed[1].push('one')
    assert.equal((await second).value, 'one')
    pushed[1].end()
    assert.equal((await iterator.next()).done, true)
  })

  for (const [ordered, expected] of [[true, ['a0', 'a1', 'b0', 'b1']], [false, ['b0', 'a0', 'b1', 'a1']]]) {
    it(`delivers the results of items that run at the same time ${ordered ? 'item by item' : 'as they become ready'} with ordered: ${ordered}`, async () => {
      const pushed = { a: pushedIterable(), b: pushedIterable() }
      const results = mapConcurrent(['a', 'b'], item => pushed[item].iterable, { concurrency: 2, flatten: true, ordered }).toArray()
      for (const [item, index] of ['b0', 'a0', 'b1', 'a1']) {
        await waitForTurns()
        pushed[item].push(item + index)
      }
      pushed.b.end()
      await waitForTurns()
      pushed.a.end()
      assert.deepEqual(await results, expected)
    })
  }

  it('lets at most highWaterMark results of an item wait: at least one, and by default concurrency', async () => {
    for (const [highWaterMark, concurrency, most] of [[0, 2, 1], [1, 2, 1], [3, 2, 3], [undefined, 4, 4]]) {
      const given = endless()
      const iterator = mapConcurrent([0], given.generator, { concurrency, flatten: true, highWaterMark })
      const first = iterator.next()
      await waitForTurns()
      assert.equal((await first).value, 0)
      assert.equal(given.count, 1 + most)
      assert.equal(iterator.stats().buffered, most)
      assert.equal((await iterator.next()).value, 1)
      await waitForTurns()
      assert.equal(given.count, 2 + most)
      await iterator.return()
    }
  })

  it('lets no more than highWaterMark results wait in a Duplex that is not read', async () => {
    const given = endless()
    const transform = concurrentTransform(given.generator, { concurrency: 1, flatten: true, highWaterMark: 2 })
    transform.write(0)
    await waitForTurns()
    assert.equal(given.count, 2)
    assert.equal(transform.read(), 0)
    await waitForTurns()
    assert.equal(given.count, 3)
    transform.destroy()
  })

  describe('closes an iterable whose elements are no longer needed', () => {
    const ways = {
      'the consumer leaves': async (iterator) => { await iterator.return() },
      'the signal is aborted': async (iterator, controller) => { controller.abort(broken) }
    }
    for (const [way, leave] of Object.entries(ways)) {
      for (const ordered of [true, false]) {
        it(`when ${way}, with ordered: ${ordered}`, async () => {
          const given = endless()
          const controller = new AbortController()
          const iterator = mapConcurrent([0], given.generator, { concurrency: 1, flatten: true, ordered, signal: controller.signal })
          await iterator.next()
          await waitForTurns()
          const { count } = given
          await leave(iterator, controller)
          await iterator.idle
          assert.deepEqual([given.closed, given.count], [true, count])
        })
      }
    }

    for (const ordered of [true, false]) {
      it(`when an earlier item calls stop(), with ordered: ${ordered}`, async () => {
        const given = endless()
        const early = pushedIterable()
        let stop
        const iterator = mapConcurrent([0, 1], (item, context) => {
          if (item === 1) return given.generator()
          stop = context.stop
          return early.iterable
        }, { concurrency: 2, flatten: true, ordered })
        const results = (async () => {
          const taken = []
          for await (const result of iterator) if (result === 'early') taken.push(result)
          return taken
        })()
        await waitForTurns()
        stop()
        early.push('early')
        await waitForTurns()
        assert.equal(given.closed, true)
        const { skipped, buffered } = iterator.stats()
        assert.deepEqual({ skipped, buffered }, { skipped: 1, buffered: 0 })
        early.end()
        assert.deepEqual(await results, ['early'])
        await iterator.idle
      })
    }

    it('when its item times out, and delivers the results that it has yielded', async () => {
      let closed = false
      const iterator = mapConcurrent([0], async function * (item, { signal }) {
        try {
          yield 'in time'
          await new Promise(resolve => signal.addEventListener('abort', resolve))
          yield 'too late'
        } finally {
          closed = true
        }
      }, { concurrency: 1, flatten: true, timeout: 5, onError: (error) => ({ value: error.name }) })
      assert.deepEqual(await iterator.toArray(), ['in time', 'TimeoutError'])
      assert.equal(closed, true)
    })

    it('when its item times out while it waits for room', async () => {
      const given = endless()
      const iterator = mapConcurrent([0], given.generator, { concurrency: 1, flatten: true, timeout: 5, onError: 'continue' })
      const results = []
      for await (const result of iterator) {
        results.push(result)
        if (result === 0) while (iterator.stats().failed === 0) await nextTurn()
      }
      assert.deepEqual(results, [0, 1])
      assert.equal(given.closed, true)
    })
  })

  it('delivers all results of the item that calls stop()', async () => {
    const results = mapConcurrent(countingSource(), function * (item, { stop }) {
      yield item
      if (item === 1) stop()
      yield item + 0.5
    }, { concurrency: 1, flatten: true }).toArray()
    assert.deepEqual(await results, [0, 0.5, 1, 1.5])
  })

  describe('reacts to an iterable that fails midway: it', () => {
    const half = function * (item) {
      yield item
      if (item === 1) throw broken
      yield item + 0.5
    }

    for (const ordered of [true, false]) {
      it(`fails the item and delivers its earlier results, with ordered: ${ordered}`, async () => {
        const options = { concurrency: 1, flatten: true, ordered }
        assert.equal((await catchRejection(mapConcurrent([0, 1, 2], half, options).toArray())).reason, broken)
        assert.deepEqual(await mapConcurrent([0, 1, 2], half, { ...options, onError: 'continue' }).toArray(), [0, 0.5, 1, 2, 2.5])
        const value = () => ({ value: 'instead' })
        assert.deepEqual(await mapConcurrent([0, 1, 2], half, { ...options, onError: value }).toArray(), [0, 0.5, 1, 'instead', 2, 2.5])
      })
    }

    it("delivers the error as the last result with onError: 'settle'", async () => {
      assert.deepEqual(await mapConcurrent([1], half, { concurrency: 1, flatten: true, onError: 'settle' }).toArray(), [
        { status: 'fulfilled', value: 1, index: 0 }, { status: 'rejected', reason: broken, index: 0 }
      ])
    })

    it("delivers its earlier results before the error with errorOrder: 'inOrder'", async () => {
      const results = []
      const { reason } = await catchRejection((async () => {
        for await (const result of mapConcurrent([0, 1, 2], half, { concurrency: 3, flatten: true, errorOrder: 'inOrder' })) results.push(result)
      })())
      assert.equal(reason, broken)
      assert.deepEqual(results, [0, 0.5, 1])
    })
  })

  it('does not block the event loop with an endless generator and a fast consumer', async () => {
    let turns = 0
    const count = setInterval(() => { turns++ }, 0)
    let taken = 0
    for await (const result of mapConcurrent([0], function * () { for (;;) yield 1 }, { concurrency: 1, flatten: true })) {
      taken += result
      if (turns > 2 || taken > 1e6) break
    }
    clearInterval(count)
    assert.ok(taken <= 1e6, 'no timer came')
  })
})
