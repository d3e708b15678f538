'use strict'

const assert = require('node:assert/strict')
const { pipeline } = require('node:stream/promises')

const { concurrentTransform } = require('spillway/stream')

const { manualHandler, waitForTurns } = require('../support/stream.js')

describe('Events that coincide in a concurrentTransform():', () => {
  describe('the writable side', () => {
    it('finishes when it is ended after a handler has called stop() and everything was delivered', async () => {
      const transform = concurrentTransform((item, { stop }) => {
        if (item === 1) stop()
        return item
      }, { concurrency: 1 })
      const results = []
      transform.on('data', result => results.push(result))
      let finished = false
      transform.on('finish', () => { finished = true })
      for (let item = 0; item < 4; item++) {
        transform.write(item)
        await waitForTurns()
      }
      assert.deepEqual(results, [0, 1])
      transform.end()
      await waitForTurns()
      assert.equal(finished, true)
      assert.equal(transform.destroyed, true)
      const { pulled, completed, skipped } = transform.stats()
      assert.deepEqual({ pulled, completed, skipped }, { pulled: 2, completed: 2, skipped: 2 })
    })

    it('accepts chunks after stop() until pipeline() ends, with any kind of reader', async () => {
      const source = async function * () {
        for (let item = 0; item < 9; item++) {
          yield item
          await waitForTurns()
        }
      }
      const readers = [stream => stream.toArray(), async function (stream) {
        const results = []
        for await (const result of stream) results.push(result)
        return results
      }]
      for (const reader of readers) {
        const transform = concurrentTransform((item, { stop }) => {
          if (item === 1) stop()
          return item
        }, { concurrency: 1 })
        assert.deepEqual(await pipeline(source, transform, reader), [0, 1])
        assert.equal(transform.stats().skipped, 7)
      }
    })

    it('calls the callback of end(chunk, callback) once', async () => {
      const transform = concurrentTransform(item => item, { concurrency: 1 })
      transform.resume()
      let calls = 0
      transform.end('a', () => { calls++ })
      await waitForTurns()
      assert.equal(calls, 1)
    })
  })

  describe("a listener for 'data'", () => {
    it('may write to the stream: no result is lost or counted twice with flatten', async () => {
      const handler = manualHandler()
      const transform = concurrentTransform(handler, { concurrency: 3, flatten: true })
      const results = []
      transform.on('data', result => {
        results.push(result)
        if (result === '1a') transform.end(3)
      })
      for (let item = 0; item < 3; item++) transform.write(item)
      for (const index of [1, 0, 2, 3]) {
        await waitForTurns()
        handler.calls[index].resolve([`${index}a`, `${index}b`])
      }
      await waitForTurns()
      assert.deepEqual(results, ['0a', '0b', '1a', '1b', '2a', '2b', '3a', '3b'])
      assert.equal(transform.stats().buffered, 0)
    })

    it('may destroy the stream: bytes is then 0', async () => {
      const transform = concurrentTransform(item => item, { concurrency: 1, maxBytes: 9 })
      transform.on('data', () => transform.destroy())
      await waitForTurns()
      transform.write('abc')
      await transform.idle
      assert.equal(transform.stats().bytes, 0)
    })

    it('may destroy the stream: the results that follow are dropped with flatten', async () => {
      const handler = manualHandler()
      const transform = concurrentTransform(handler, { concurrency: 2, flatten: true })
      const results = []
      transform.on('data', result => {
        results.push(result)
        transform.destroy()
      })
      await waitForTurns()
      transform.write(0)
      transform.write(1)
      handler.calls[1].resolve(['b', 'c'])
      await waitForTurns()
      handler.calls[0].resolve([])
      await transform.idle
      assert.deepEqual(results, ['b'])
      assert.equal(transform.stats().buffered, 0)
    })

    it('may call stop() of an earlier item: the later results are dropped', async () => {
      const handler = manualHandler()
      let stopAfterFirst
      const transform = concurrentTransform((item, context) => {
        stopAfterFirst ??= context.stop
        return handler(item, context)
      }, { concurrency: 3, flatten: true })
      const results = []
      transform.on('data', result => {
        results.push(result)
        if (result === '1a') stopAfterFirst()
      })
      for (let item = 0; item < 3; item++) transform.write(item)
      transform.end()
      for (const index of [1, 2, 0]) {
        await waitForTurns()
        handler.calls[index].resolve([`${index}a`, `${index}b`])
      }
      await transform.idle
      assert.deepEqual(results, ['0a', '0b', '1a'])
      assert.equal(transform.stats().buffered, 0)
    })
  })

  it('a call of stop() while flush runs drops nothing', async () => {
    let stopLate
    const flush = async () => {
      await waitForTurns()
      stopLate()
      return 'last'
    }
    const transform = concurrentTransform((item, { stop }) => {
      stopLate = stop
      return item
    }, { concurrency: 1, flush })
    transform.end('first')
    assert.deepEqual(await transform.toArray(), ['first', 'last'])
    assert.equal(transform.stats().skipped, 0)
  })

  it('the bytes of an item with flatten count until its last result is taken', async () => {
    for (const ordered of [true, false]) {
      const started = []
      const transform = concurrentTransform(item => {
        started.push(item)
        return ['a', 'b']
      }, { concurrency: 1, highWaterMark: Infinity, maxBytes: 3, ordered, flatten: true })
      for (const item of ['xx', 'yy']) transform.write(item)
      await waitForTurns()
      assert.equal(transform.read(), 'a')
      await waitForTurns()
      assert.deepEqual(started, ['xx'])
      assert.equal(transform.stats().bytes, 2)
      assert.equal(transform.read(), 'b')
      await waitForTurns()
      assert.deepEqual(started, ['xx', 'yy'])
    }
  })
})
