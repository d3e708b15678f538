'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { Readable } = require('node:stream')
const { pipeline } = require('node:stream/promises')

const { concurrentQueue, concurrentTransform, forEachConcurrent, mapConcurrent, skip } = require('spillway/stream')

const { countingSource, manualHandler, waitForTurns, catchRejection } = require('../support/stream.js')

const broken = new Error('broken')

const transformed = (items, handler, options) =>
  pipeline(Readable.from(items), concurrentTransform(handler, { concurrency: 2, ...options }), stream => stream.toArray())

describe('The flush option of concurrentTransform()', () => {
  for (const [kind, flush] of [['synchronous', () => 'last'], ['asynchronous', async () => 'last']]) {
    it(`delivers its result last: ${kind}`, async () => {
      for (const ordered of [true, false]) {
        assert.deepEqual(await transformed([0, 1], item => item, { flush, ordered }), [0, 1, 'last'])
      }
      assert.deepEqual(await transformed([], assert.fail, { flush }), ['last'])
    })
  }

  it('is called once, when every item has its outcome', async () => {
    let calls = 0
    const handler = manualHandler()
    const results = transformed([0, 1], handler, { flush: () => ++calls })
    await waitForTurns()
    handler.calls[1].resolve('one')
    await waitForTurns()
    assert.equal(calls, 0)
    handler.calls[0].resolve('zero')
    assert.deepEqual(await results, ['zero', 'one', 1])
  })

  it('may return undefined or skip for no result, and fails the Duplex with null', async () => {
    for (const result of [undefined, skip]) assert.deepEqual(await transformed([0], item => item, { flush: async () => result }), [0])
    await assert.rejects(transformed([0], item => item, { flush: () => null }), /^TypeError: spillway\/stream: concurrentTransform\(\) cannot deliver null/)
  })

  it('delivers each element of its result with flatten', async () => {
    const flush = function * () { yield * ['a', 'b', 'c'] }
    assert.deepEqual(await transformed([0], item => [item], { flush, flatten: true }), [0, 'a', 'b', 'c'])
    assert.deepEqual(await transformed([0], item => [item], { flush: async () => [], flatten: true }), [0])
    await assert.rejects(transformed([0], item => [item], { flush: () => 'text', flatten: true }), /^TypeError: spillway\/stream: with flatten, /)
  })

  it('lets its iterable wait for the reader with flatten, and closes it when the Duplex is destroyed', async () => {
    let given = 0
    let closed = false
    const transform = concurrentTransform(() => [], {
      concurrency: 2,
      flatten: true,
      flush: async function * () {
        try {
          for (;;) yield given++
        } finally {
          closed = true
        }
      }
    })
    transform.end('only')
    await waitForTurns()
    assert.equal(given, 2)
    assert.equal(transform.read(), 0)
    await waitForTurns()
    assert.equal(given, 3)
    transform.destroy()
    await transform.idle
    assert.deepEqual([closed, given], [true, 3])
  })

  it('fails the Duplex when it throws or rejects', async () => {
    for (const flush of [() => { throw broken }, () => Promise.reject(broken)]) {
      assert.equal((await catchRejection(transformed([0], item => item, { flush }))).reason, broken)
    }
  })

  it('is not called after an error of a handler or of the source, or with collected errors', async () => {
    const fail = () => { throw broken }
    const failingSource = (function * () {
      yield 0
      throw broken
    })()
    await assert.rejects(transformed([0], fail, { flush: assert.fail }), broken)
    await assert.rejects(transformed([0], fail, { flush: assert.fail, onError: 'collect' }), AggregateError)
    await assert.rejects(transformed(failingSource, item => item, { flush: assert.fail }), broken)
  })

  it('is called after items that were left out, and after stop()', async () => {
    assert.deepEqual(await transformed([0], () => { throw broken }, { flush: () => 'last', onError: 'continue' }), ['last'])
    assert.deepEqual(await transformed(countingSource(20), (item, { stop }) => {
      if (item === 1) stop()
      return item
    }, { flush: () => 'last' }), [0, 1, 'last'])
  })

  it('gets a signal that is aborted when the Duplex is destroyed, and delays idle until it settles', async () => {
    let signal
    let answer
    const transform = concurrentTransform(item => item, {
      concurrency: 1,
      flush: context => {
        signal = context.signal
        return new Promise(resolve => { answer = resolve })
      }
    })
    transform.resume()
    transform.end('only')
    await waitForTurns()
    transform.destroy()
    assert.equal(signal.reason.name, 'AbortError')
    let idle = false
    transform.idle.then(() => { idle = true })
    await waitForTurns()
    assert.equal(idle, false)
    answer()
    await transform.idle
  })

  it("is called before 'finish' is emitted", async () => {
    let answer
    const transform = concurrentTransform(item => item, { concurrency: 2, flush: () => new Promise(resolve => { answer = resolve }) })
    let hasFinished = false
    transform.on('finish', () => { hasFinished = true })
    transform.end('only')
    await waitForTurns()
    assert.equal(hasFinished, false)
    answer('last')
    await once(transform, 'finish')
    assert.deepEqual(await transform.toArray(), ['only', 'last'])
  })

  it('is an error in the other helpers', () => {
    const options = { concurrency: 1, flush: () => {} }
    for (const [name, call] of Object.entries({
      forEachConcurrent: () => forEachConcurrent([], assert.fail, options),
      mapConcurrent: () => mapConcurrent([], assert.fail, options),
      concurrentQueue: () => concurrentQueue(assert.fail, options)
    })) {
      assert.throws(call, {
        name: 'TypeError', code: 'SPILLWAY_UNKNOWN_OPTION', message: `spillway/stream: ${name}() does not take the option "flush"`
      })
    }
  })
})
