'use strict'

const assert = require('node:assert/strict')
const { AsyncLocalStorage } = require('node:async_hooks')

const { concurrentTransform } = require('spillway/stream')

const { manualHandler, waitForTurns } = require('../support/stream.js')

/** Creates a Duplex of one slot whose handler records the context in which it runs for each item. */
function noting (options) {
  const storage = new AsyncLocalStorage()
  const seen = {}
  const manual = manualHandler()
  const transform = storage.run('maker', () => concurrentTransform((item, context) => {
    seen[item] = storage.getStore()
    return manual(item, context)
  }, { concurrency: 1, ...options }))
  transform.resume()
  const settleAll = async () => {
    for (let settled = 0; settled < manual.calls.length; settled++) {
      manual.calls[settled].resolve()
      await waitForTurns()
    }
  }
  return { storage, seen, transform, settleAll }
}

const names = ['a', 'b', 'c', 'd', 'e', 'f']
const own = Object.fromEntries(names.map(name => [name, `writer of ${name}`]))

describe('A handler of concurrentTransform() runs in the AsyncLocalStorage context of the code that wrote its item', () => {
  for (const [how, options] of [
    ['one slot', {}],
    ['several slots, and more items than slots', { concurrency: 4 }],
    ['free slots, but no room for the bytes of the next item', { concurrency: 2, maxBytes: 1, sizeOf: () => 1 }],
    ['a timeout', { timeout: 60_000 }]
  ]) {
    it(`with ${how}, even if the writers ignore that write() returns false`, async () => {
      const { storage, seen, transform, settleAll } = noting(options)
      for (const name of names) storage.run(own[name], () => transform.write(name))
      transform.end()
      await settleAll()
      assert.deepEqual(seen, own)
    })
  }

  it('when items are written while others run', async () => {
    const { storage, seen, transform, settleAll } = noting()
    for (const name of names) {
      storage.run(own[name], () => transform.write(name))
      await waitForTurns()
    }
    await settleAll()
    assert.deepEqual(seen, own)
  })

  it('when the stream is corked', async () => {
    const { storage, seen, transform, settleAll } = noting()
    for (const name of names) {
      if (name === 'b') transform.cork()
      storage.run(own[name], () => transform.write(name))
      if (name === 'd') storage.run('who uncorks', () => transform.uncork())
    }
    await settleAll()
    assert.deepEqual(seen, own)
  })

  it('when it was written by end(chunk), corked or not, with or without a callback', async () => {
    for (const corked of [true, false]) {
      for (const rest of [[], [() => {}], ['utf8'], ['utf8', () => {}]]) {
        const { storage, seen, transform, settleAll } = noting()
        if (corked) transform.cork()
        storage.run(own.a, () => transform.write('a'))
        storage.run(own.b, () => transform.write('b'))
        storage.run(own.c, () => transform.end('c', ...rest))
        await settleAll()
        assert.deepEqual(seen, { a: own.a, b: own.b, c: own.c })
      }
    }
  })

  it('after a write() that threw', async () => {
    const { storage, seen, transform, settleAll } = noting()
    transform.cork()
    storage.run(own.a, () => transform.write('a'))
    storage.run('who writes null', () => assert.throws(() => transform.write(null), { code: 'ERR_STREAM_NULL_VALUES' }))
    storage.run(own.b, () => transform.write('b'))
    transform.uncork()
    await settleAll()
    assert.deepEqual(seen, { a: own.a, b: own.b })
  })

  it('in all its attempts', async () => {
    const storage = new AsyncLocalStorage()
    const seen = []
    const transform = concurrentTransform((item, { attempt }) => {
      seen.push(storage.getStore())
      if (attempt < 3) throw new Error('again')
      return item
    }, { concurrency: 1, retry: { attempts: 3, delay: 0 } })
    storage.run('first', () => transform.write(1))
    storage.run('second', () => transform.end(2))
    assert.deepEqual(await transform.toArray(), [1, 2])
    assert.deepEqual(seen, ['first', 'first', 'first', 'second', 'second', 'second'])
  })
})
