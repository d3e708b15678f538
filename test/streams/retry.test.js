'use strict'

const assert = require('node:assert/strict')
const timers = require('node:timers/promises')

const { concurrentTransform, forEachConcurrent, mapConcurrent } = require('spillway/stream')

const { readOptions } = require('../../lib/options/read.js')
const { retryOptions } = require('../../lib/streams/options.js')
const { manualHandler, waitForTurns, catchRejection } = require('../support/stream.js')

/** Longer than any test. */
const LONG_MS = 2 ** 30

const always = { delay: 0, budget: Infinity }

/** Returns a handler that fails a number of times for each item, with an error that names the attempt. */
const failing = times => (item, { attempt }) => {
  if (attempt <= times) throw new Error(`item ${item}, attempt ${attempt}`)
  return item
}

/** Returns the class `Retries` with a `setTimeout()` that only records the delays. */
function retriesRecording (waits) {
  const file = require.resolve('../../lib/streams/retry.js')
  const { setTimeout } = timers
  timers.setTimeout = async ms => { waits.push(ms) }
  delete require.cache[file]
  try {
    return require(file).Retries
  } finally {
    timers.setTimeout = setTimeout
    delete require.cache[file]
  }
}

describe('The retry option of a stream helper', () => {
  for (const [kind, handler] of [['synchronous', failing(2)], ['asynchronous', async (...args) => failing(2)(...args)]]) {
    it(`calls a handler that is ${kind} again until it succeeds`, async () => {
      for (const ordered of [true, false]) {
        const iterator = mapConcurrent([0, 1, 2], handler, { concurrency: 1, ordered, retry: { attempts: 3, ...always } })
        assert.deepEqual(await iterator.toArray(), [0, 1, 2])
        const { completed, failed, retries, lateErrors } = iterator.stats()
        assert.deepEqual({ completed, failed, retries, lateErrors }, { completed: 3, failed: 0, retries: 6, lateErrors: 0 })
      }
    })
  }

  it('passes the item, its index and its signal to every attempt, and counts the attempts from 1', async () => {
    const seen = []
    await forEachConcurrent(['a', 'b'], (item, { attempt, index, signal }) => {
      seen.push([item, index, attempt, signal.aborted])
      if (attempt < 3) throw new Error('again')
    }, { concurrency: 1, retry: { attempts: 3, ...always } })
    assert.deepEqual(seen, ['a', 'b'].flatMap((item, index) => [1, 2, 3].map(attempt => [item, index, attempt, false])))
  })

  it('is off by default: attempt is 1, and no item is tried again', async () => {
    const seen = []
    const handler = (item, { attempt }) => {
      seen.push(attempt)
      throw new Error('once')
    }
    await forEachConcurrent([0], handler, { concurrency: 1, onError: 'continue' })
    await mapConcurrent([0], handler, { concurrency: 1, onError: 'continue' }).toArray()
    const transform = concurrentTransform(handler, { concurrency: 1, onError: 'continue' })
    transform.end(0)
    await transform.toArray()
    assert.deepEqual(seen, [1, 1, 1])
  })

  it('gives up after the given number of attempts, with the error of the last', async () => {
    const job = forEachConcurrent([0], failing(9), { concurrency: 1, retry: { attempts: 3, ...always } })
    assert.equal((await catchRejection(job)).reason.message, 'item 0, attempt 3')
    const { retries, failed } = job.stats()
    assert.deepEqual({ retries, failed }, { retries: 2, failed: 1 })
  })

  it('passes only the last error to onError', async () => {
    const options = { concurrency: 1, retry: { attempts: 2, ...always } }
    const { reason: { errors } } = await catchRejection(forEachConcurrent(['a', 'b'], failing(2), { ...options, onError: 'collect' }))
    assert.deepEqual(errors.map(({ message, index, item }) => [message, index, item]), [['item a, attempt 2', 0, 'a'], ['item b, attempt 2', 1, 'b']])

    const settled = await mapConcurrent(['a'], failing(2), { ...options, onError: 'settle' }).toArray()
    assert.equal(settled[0].reason.message, 'item a, attempt 2')

    const asked = []
    const onError = ({ message }) => {
      asked.push(message)
      return { value: 'instead' }
    }
    assert.deepEqual(await mapConcurrent(['a'], failing(2), { ...options, onError }).toArray(), ['instead'])
    assert.deepEqual(asked, ['item a, attempt 2'])
  })

  it('does not retry a rejected promise in the source, which is not an error of the handler', async () => {
    const job = forEachConcurrent([Promise.reject(new Error('the item'))], assert.fail, { concurrency: 1, retry: { attempts: 3, ...always }, onError: 'continue' })
    const { failed, retries } = await job
    assert.deepEqual({ failed, retries }, { failed: 1, retries: 0 })
  })

  it('retries the handler with flatten, but not an iterable that it returned, since results of it may be delivered', async () => {
    const options = { concurrency: 1, flatten: true, onError: 'continue', retry: { attempts: 3, ...always } }
    assert.deepEqual(await mapConcurrent(['a'], async (item, context) => [failing(1)(item, context), 'more'], options).toArray(), ['a', 'more'])
    const iterator = mapConcurrent(['a'], function * (item) {
      yield item
      throw new Error('midway')
    }, options)
    assert.deepEqual(await iterator.toArray(), ['a'])
    assert.equal(iterator.stats().retries, 0)
  })

  describe('has a function shouldRetry that', () => {
    it('gets the error, the item, its index and the failed attempt, unless it was the last', async () => {
      const asked = []
      const shouldRetry = ({ message }, failed) => {
        asked.push([message, failed])
        return true
      }
      await forEachConcurrent(['a'], failing(9), { concurrency: 1, onError: 'continue', retry: { attempts: 3, ...always, shouldRetry } })
      assert.deepEqual(asked, [
        ['item a, attempt 1', { item: 'a', index: 0, attempt: 1 }],
        ['item a, attempt 2', { item: 'a', index: 0, attempt: 2 }]
      ])
    })

    it('prevents a retry by returning false, which takes nothing from the budget', async () => {
      const iterator = mapConcurrent(Array.from({ length: 15 }, (_, index) => index), failing(1), {
        concurrency: 1, onError: 'continue', retry: { attempts: 2, delay: 0, shouldRetry: async (_error, { item }) => item === 14 }
      })
      assert.deepEqual(await iterator.toArray(), [14])
      assert.equal(iterator.stats().retries, 1)
    })

    it('replaces the error of the item when it throws', async () => {
      const retry = { attempts: 3, shouldRetry: () => { throw new Error('from shouldRetry') } }
      await assert.rejects(forEachConcurrent([0], failing(1), { concurrency: 1, retry }), /^Error: from shouldRetry$/)
    })
  })

  describe('has a wait before a retry that', () => {
    const waitsOf = async options => {
      const waits = []
      const Retries = retriesRecording(waits)
      const context = { attempt: 1, index: 0, signal: new AbortController().signal }
      const retry = readOptions('test', retryOptions, { budget: Infinity, ...options })
      await catchRejection(new Retries(retry).wrap(() => Promise.reject(new Error('again')))('item', context))
      return waits
    }
    const { random } = Math
    afterEach(() => { Math.random = random })

    it('is at most delay (default 100 ms), and twice as long with each further attempt', async () => {
      Math.random = () => 1
      assert.deepEqual(await waitsOf({ attempts: 4, delay: 20 }), [20, 40, 80])
      assert.deepEqual(await waitsOf({ attempts: 3 }), [100, 200])
      assert.deepEqual(await waitsOf({ attempts: 2, delay: 0 }), [0])
    })

    it('is a random part of its maximum', async () => {
      const parts = [0.5, 0, 0.25]
      Math.random = () => parts.shift()
      assert.deepEqual(await waitsOf({ attempts: 4, delay: 20 }), [10, 0, 20])
    })

    it('is never longer than a timer of Node.js allows', async () => {
      Math.random = () => 1
      const waits = await waitsOf({ attempts: 2000, delay: LONG_MS })
      assert.equal(Math.max(...waits), 2 ** 31 - 1)
    })

    it('keeps the slot of the item', async () => {
      const handler = manualHandler()
      const job = forEachConcurrent([0, 1], handler, { concurrency: 1, retry: { attempts: 2, delay: LONG_MS } })
      await waitForTurns()
      handler.calls[0].reject(new Error('again'))
      await waitForTurns()
      assert.deepEqual(handler.items(), [0])
      const { inFlight, retries } = job.stats()
      assert.deepEqual({ inFlight, retries }, { inFlight: 1, retries: 1 })
      await job[Symbol.asyncDispose]()
    })

    const activeTimers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length

    it('ends with the job, without a timer or another attempt', async () => {
      const ways = {
        'the signal': controller => controller.abort(new Error('enough')),
        'another item that fails': (controller, handler) => handler.calls[1].reject(new Error('enough'))
      }
      for (const [way, end] of Object.entries(ways)) {
        await waitForTurns()
        const before = activeTimers()
        const controller = new AbortController()
        const handler = manualHandler()
        const job = forEachConcurrent([0, 1], handler, {
          concurrency: 2, signal: controller.signal, retry: { attempts: 2, delay: LONG_MS, shouldRetry: (_error, { item }) => item === 0 }
        })
        await waitForTurns()
        handler.calls[0].reject(new Error('again'))
        await waitForTurns()
        end(controller, handler)
        await assert.rejects(job, /^Error: enough$/)
        if (way === 'the signal') handler.calls[1].resolve()
        await job.idle
        assert.deepEqual(handler.items(), [0, 1], way)
        assert.equal(activeTimers(), before)
      }
    })

    it('counts towards the timeout of the item, as do all its attempts', async () => {
      let calls = 0
      const waiting = forEachConcurrent([0], () => {
        calls++
        throw new Error('again')
      }, { concurrency: 1, timeout: 5, retry: { attempts: 9, delay: LONG_MS } })
      assert.equal((await catchRejection(waiting)).reason.name, 'TimeoutError')
      await waiting.idle
      assert.equal(calls, 1)

      let attempts = 0
      const trying = forEachConcurrent([0], async (item, { attempt }) => {
        attempts = attempt
        await timers.setTimeout(1)
        throw new Error('again')
      }, { concurrency: 1, timeout: 20, retry: { attempts: 1e6, ...always } })
      assert.equal((await catchRejection(trying)).reason.name, 'TimeoutError')
      await trying.idle
      assert.ok(attempts > 1)
    })
  })

  it('does not retry after the end of the job', async () => {
    const handler = manualHandler()
    const iterator = mapConcurrent([0], handler, { concurrency: 1, retry: { attempts: 3, ...always } })
    iterator.next()
    await waitForTurns()
    await iterator.return()
    handler.calls[0].reject(new Error('late'))
    await iterator.idle
    assert.equal(handler.calls.length, 1)
    const { retries, lateErrors } = iterator.stats()
    assert.deepEqual({ retries, lateErrors }, { retries: 0, lateErrors: 1 })
  })

  describe('has a budget that', () => {
    const retriesOf = async (count, handler, retry) => {
      const items = Array.from({ length: count }, (_, index) => index)
      return (await forEachConcurrent(items, handler, { concurrency: 1, onError: 'continue', retry: { delay: 0, ...retry } })).retries
    }

    it('begins with 10 retries, and gains a tenth of one for each item that starts', async () => {
      assert.equal(await retriesOf(5, failing(9), { attempts: 2 }), 5)
      assert.equal(await retriesOf(1, failing(99), { attempts: 99 }), 10)
      assert.equal(await retriesOf(100, failing(9), { attempts: 2 }), 19)
    })

    it('never holds more than 10', async () => {
      const failsAtLast = (item, context) => item === 499 ? failing(99)(item, context) : item
      assert.equal(await retriesOf(500, failsAtLast, { attempts: 99 }), 10)
    })

    it('may gain more for each item, or be Infinity', async () => {
      assert.equal(await retriesOf(100, failing(9), { attempts: 2, budget: 0.5 }), 59)
      assert.equal(await retriesOf(100, failing(9), { attempts: 3, budget: Infinity }), 200)
    })

    it('is shared by the whole job: when it is used up, errors are final', async () => {
      const seen = new Map()
      await forEachConcurrent(Array.from({ length: 30 }, (_, index) => index), async (item, context) => {
        seen.set(item, context.attempt)
        await waitForTurns()
        return failing(9)(item, context)
      }, { concurrency: 30, onError: 'continue', retry: { attempts: 2, delay: 0 } })
      assert.equal([...seen.values()].filter(attempt => attempt === 2).length, 10)
    })
  })
})
