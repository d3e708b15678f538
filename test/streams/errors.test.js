'use strict'

const assert = require('node:assert/strict')

const { forEachConcurrent, mapConcurrent } = require('spillway/stream')

const { countingSource, manualHandler, pushedReadable, waitForTurns, catchRejection, collectUnhandledRejections } = require('../support/stream.js')

async function collectUntilError (iterator) {
  const results = []
  try {
    for await (const result of iterator) results.push(result)
  } catch (error) {
    return { results, error }
  }
  return { results }
}

const failOdd = async item => {
  if (item % 2 === 1) throw new Error(`item ${item}`)
  return item
}

describe('When a handler fails,', () => {
  for (const [how, fail] of [
    ['throws', error => { throw error }],
    ['rejects', error => Promise.reject(error)]
  ]) {
    for (const error of [new Error('broken'), undefined, null]) {
      it(`the job takes no more items, aborts the other handlers, destroys the source and rejects at once (it ${how} with ${error})`, async () => {
        const source = countingSource()
        const signals = []
        const job = forEachConcurrent(source, (item, { signal }) => {
          signals.push(signal)
          return item === 2 ? fail(error) : new Promise(() => {})
        }, { concurrency: 3 })
        assert.equal((await catchRejection(job)).reason, error)
        assert.ok(signals.every(signal => signal.aborted))
        assert.equal(source.returned, 1)
        await waitForTurns()
        assert.equal(source.pulled, 3)
        assert.equal(job.stats().failed, 1)
      })
    }
  }

  it('the signals of the other handlers have the error as their reason', async () => {
    const handler = manualHandler()
    const job = forEachConcurrent([0, 1], handler, { concurrency: 2 })
    await waitForTurns()
    const broken = new Error('broken')
    handler.calls[0].reject(broken)
    await catchRejection(job)
    assert.equal(handler.calls[1].signal.reason, broken)
  })

  it('a Readable that is the source is destroyed without an error', async () => {
    const source = pushedReadable(1)
    const errors = []
    source.on('error', error => errors.push(error))
    await catchRejection(forEachConcurrent(source, () => { throw new Error('broken') }, { concurrency: 1 }))
    await waitForTurns()
    assert.equal(source.destroyed, true)
    assert.deepEqual(errors, [])
  })

  it('the buffered results are dropped', async () => {
    const handler = manualHandler()
    const iterator = mapConcurrent([0, 1, 2], handler, { concurrency: 3 })
    const first = iterator.next()
    await waitForTurns()
    handler.calls[1].resolve('dropped')
    await waitForTurns()
    handler.calls[2].reject(new Error('broken'))
    await assert.rejects(first, /^Error: broken$/)
    assert.equal(iterator.stats().buffered, 0)
    assert.equal((await iterator.next()).done, true)
  })

  it('its error is reported at once, even behind an item that never settles', async () => {
    const outcome = collectUntilError(mapConcurrent([0, 1], item => item === 0 ? new Promise(() => {}) : failOdd(item), { concurrency: 2 }))
    assert.equal((await outcome).error.message, 'item 1')
  })

  it('the first error is reported, later ones are counted, and there is no unhandled rejection', async () => {
    const reasons = await collectUnhandledRejections(async () => {
      const handler = manualHandler()
      const job = forEachConcurrent([0, 1, 2, 3], handler, { concurrency: 4 })
      await waitForTurns()
      handler.calls[2].reject(new Error('first'))
      handler.calls[0].reject(new Error('second'))
      await assert.rejects(job, /^Error: first$/)
      handler.calls[1].reject(new Error('third'))
      handler.calls[3].resolve()
      await job.idle
      assert.equal(job.stats().lateErrors, 2)
      assert.equal(job.stats().failed, 3)
    })
    assert.deepEqual(reasons, [])
  })

  it('there is no unhandled rejection, even if the consumer takes no results or has stopped', async () => {
    const reasons = await collectUnhandledRejections(async () => {
      const untaken = mapConcurrent([0, 1], failOdd, { concurrency: 2 })
      await untaken.next()
      const handler = manualHandler()
      const left = mapConcurrent([0, 1], handler, { concurrency: 2 })
      left.next()
      await waitForTurns()
      await left.return()
      handler.calls[0].reject(new Error('after the end'))
      await waitForTurns()
      assert.equal(left.stats().lateErrors, 1)
    })
    assert.deepEqual(reasons, [])
  })

  it('the item fails if the handler returned a thenable that throws', async () => {
    const broken = new Error('broken')
    for (const thenable of [
      { then () { throw broken } },
      { get then () { throw broken } },
      { then: (resolve, reject) => reject(broken) }
    ]) {
      assert.equal((await catchRejection(forEachConcurrent([1], () => thenable, { concurrency: 1 }))).reason, broken)
    }
  })

  describe("with errorOrder: 'inOrder',", () => {
    it('the results before the failed item are delivered, and none after it', async () => {
      const handler = manualHandler()
      const source = countingSource()
      const outcome = collectUntilError(mapConcurrent(source, handler, { concurrency: 4, errorOrder: 'inOrder' }))
      await waitForTurns()
      handler.calls[2].reject(new Error('item 2'))
      handler.calls[3].resolve(3)
      await waitForTurns()
      assert.equal(source.pulled, 4)
      assert.equal(source.returned, 1)
      handler.calls[1].resolve(1)
      await waitForTurns()
      assert.equal(handler.calls[0].signal.aborted, false)
      handler.calls[0].resolve(0)
      const { results, error } = await outcome
      assert.deepEqual(results, [0, 1])
      assert.equal(error.message, 'item 2')
    })

    it('the error of the earliest item is reported, not the earliest error', async () => {
      const handler = manualHandler()
      const job = forEachConcurrent([0, 1, 2], handler, { concurrency: 3, errorOrder: 'inOrder' })
      await waitForTurns()
      handler.calls[2].reject(new Error('item 2'))
      await waitForTurns()
      handler.calls[1].reject(new Error('item 1'))
      await waitForTurns()
      handler.calls[0].resolve()
      await assert.rejects(job, /^Error: item 1$/)
      assert.equal(job.stats().lateErrors, 1)
    })

    it('the order is that of completion if ordered is false', async () => {
      const handler = manualHandler()
      const outcome = collectUntilError(mapConcurrent([0, 1, 2], handler, { concurrency: 3, errorOrder: 'inOrder', ordered: false }))
      await waitForTurns()
      handler.calls[2].resolve(2)
      handler.calls[1].reject(new Error('item 1'))
      const { results, error } = await outcome
      assert.deepEqual(results, [2])
      assert.equal(error.message, 'item 1')
    })
  })

  describe('with onError', () => {
    it("'continue', the job continues and counts the failure", async () => {
      const iterator = mapConcurrent([0, 1, 2, 3, 4], failOdd, { concurrency: 2, onError: 'continue' })
      const { results, error } = await collectUntilError(iterator)
      assert.deepEqual(results, [0, 2, 4])
      assert.equal(error, undefined)
      const { completed, failed, skipped, lateErrors } = iterator.stats()
      assert.deepEqual({ completed, failed, skipped, lateErrors }, { completed: 3, failed: 2, skipped: 2, lateErrors: 0 })
    })

    it("'collect', the job rejects at the end with all errors in the order of the source", async () => {
      const handler = manualHandler()
      const outcome = collectUntilError(mapConcurrent([0, 1, 2, 3], handler, { concurrency: 4, onError: 'collect' }))
      await waitForTurns()
      handler.calls[3].reject(new Error('item 3'))
      await waitForTurns()
      handler.calls[1].reject(undefined)
      handler.calls[0].resolve(0)
      handler.calls[2].resolve(2)
      const { results, error } = await outcome
      assert.deepEqual(results, [0, 2])
      assert.ok(error instanceof AggregateError)
      assert.equal(error.message, '2 items failed')
      assert.deepEqual(error.errors.map(({ message }) => message), ['item 1 failed', 'item 3'])
    })

    it("'collect', it keeps at most maxErrors errors (default 100) and counts the others", async () => {
      for (const [maxErrors, kept] of [[undefined, 100], [3, 3]]) {
        const job = forEachConcurrent(countingSource(150), item => { throw new Error(`item ${item}`) }, { concurrency: 5, onError: 'collect', maxErrors })
        const { reason } = await catchRejection(job)
        assert.deepEqual(reason.errors.map(({ message }) => message), Array.from({ length: kept }, (_, index) => `item ${index}`))
        assert.equal(reason.message, `150 items failed; ${150 - kept} of the errors were not kept`)
        assert.equal(job.stats().failed, 150)
      }
    })

    it("'collect', the job resolves if no item failed", async () => {
      assert.equal((await forEachConcurrent([0, 2], failOdd, { concurrency: 1, onError: 'collect' })).completed, 2)
    })

    it("as a function, it gets the error, the item and its index, and returns 'stop', 'skip' or a value", async () => {
      const asked = []
      const iterator = mapConcurrent(['a', 'b', 'c', 'd'], async item => {
        if (item !== 'a') throw new Error(item)
        return item
      }, {
        concurrency: 1,
        onError (error, { item, index }) {
          asked.push([error.message, item, index])
          return { b: 'skip', c: { value: undefined }, d: 'stop' }[item]
        }
      })
      const { results, error } = await collectUntilError(iterator)
      assert.deepEqual(results, ['a', undefined])
      assert.equal(error.message, 'd')
      assert.deepEqual(asked, [['b', 'b', 1], ['c', 'c', 2], ['d', 'd', 3]])
      assert.equal(iterator.stats().skipped, 1)
    })

    it('as a function, it may itself end the job', async () => {
      for (const answer of ['skip', 'stop', { value: 1 }]) {
        const controller = new AbortController()
        const job = forEachConcurrent([1], failOdd, {
          concurrency: 1,
          signal: controller.signal,
          onError () {
            controller.abort('enough')
            return answer
          }
        })
        assert.equal((await catchRejection(job)).reason, 'enough')
        const { buffered, skipped, lateErrors } = job.stats()
        assert.deepEqual({ buffered, skipped, lateErrors }, { buffered: 0, skipped: 0, lateErrors: 0 })
      }
    })

    it('as a function that throws or returns something else, the job ends with that error', async () => {
      const own = new Error('of onError')
      const thrown = catchRejection(forEachConcurrent([1], failOdd, { concurrency: 1, onError: () => { throw own } }))
      assert.equal((await thrown).reason, own)
      for (const answer of [undefined, null, 'ignore', 5, Promise.resolve('ignore')]) {
        const other = forEachConcurrent([1], failOdd, { concurrency: 1, onError: () => answer })
        await assert.rejects(other, /^TypeError: spillway\/stream: onError must return 'stop', 'skip' or \{ value \}, got /)
      }
    })
  })

  describe('with waitForInFlight,', () => {
    it('the job rejects only when the running handlers have settled, and drops their results', async () => {
      const handler = manualHandler()
      const iterator = mapConcurrent(countingSource(), handler, { concurrency: 3, waitForInFlight: true })
      let rejected = false
      const outcome = catchRejection(iterator.next()).then(rejection => {
        rejected = true
        return rejection
      })
      await waitForTurns()
      handler.calls[1].reject(new Error('first'))
      await waitForTurns()
      assert.equal(handler.calls[0].signal.aborted, true)
      handler.calls[0].resolve('dropped')
      await waitForTurns()
      assert.equal(rejected, false)
      handler.calls[2].reject(new Error('late'))
      assert.equal((await outcome).reason.message, 'first')
      assert.equal(iterator.stats().inFlight, 0)
      assert.equal((await iterator.next()).done, true)
    })

    it('return() is not delayed', async () => {
      const handler = manualHandler()
      const iterator = mapConcurrent(countingSource(), handler, { concurrency: 2, waitForInFlight: true })
      const pending = iterator.next()
      await waitForTurns()
      handler.calls[0].reject(new Error('waits'))
      await waitForTurns()
      await iterator.return()
      assert.equal((await pending).done, true)
      handler.calls[1].resolve()
      await iterator.idle
      assert.equal((await iterator.next()).done, true)
    })
  })
})

describe('When a source fails,', () => {
  const broken = new Error('broken')

  const failingSources = {
    Readable: () => {
      const source = pushedReadable(0, 1)
      return { source, fail: () => source.destroy(broken) }
    },
    'web stream': () => {
      let controller
      const source = new ReadableStream({ start (given) { controller = given } })
      controller.enqueue(0)
      controller.enqueue(1)
      return { source, fail: () => controller.error(broken) }
    },
    'async iterable': () => {
      let fail
      const failure = new Promise((resolve, reject) => { fail = () => reject(broken) })
      const source = (async function * () {
        yield * [0, 1]
        await failure
      })()
      return { source, fail }
    }
  }

  for (const [kind, make] of Object.entries(failingSources)) {
    it(`no item starts any more, the running items are delivered, and then the job rejects (${kind})`, async () => {
      const { source, fail } = make()
      const handler = manualHandler()
      const outcome = collectUntilError(mapConcurrent(source, handler, { concurrency: 4 }))
      await waitForTurns()
      fail()
      await waitForTurns()
      assert.deepEqual(handler.items(), [0, 1])
      assert.ok(handler.calls.every(({ signal }) => !signal.aborted))
      handler.calls[1].resolve('one')
      await waitForTurns()
      handler.calls[0].resolve('zero')
      const { results, error } = await outcome
      assert.deepEqual(results, ['zero', 'one'])
      assert.equal(error, broken)
    })
  }

  it('because a generator throws, the job rejects with that error', async () => {
    const results = []
    const job = forEachConcurrent((function * () {
      yield 1
      throw broken
    })(), item => { results.push(item) }, { concurrency: 2 })
    assert.equal((await catchRejection(job)).reason, broken)
    assert.deepEqual(results, [1])
  })

  const malformed = {
    'async iterable': answer => ({ source: { [Symbol.asyncIterator]: () => ({ next: async () => answer }) }, method: 'next' }),
    iterable: answer => ({ source: { [Symbol.iterator]: () => ({ next: () => answer }) }, method: 'next' }),
    'web stream': answer => ({
      source: { getReader: () => ({ read: async () => answer, cancel: async () => {}, releaseLock () {} }) },
      method: 'read'
    })
  }

  for (const [kind, make] of Object.entries(malformed)) {
    it(`because its result is not an object { done, value }, the error says so (${kind})`, async () => {
      for (const answer of [undefined, null, 5]) {
        const { source, method } = make(answer)
        const { reason } = await catchRejection(forEachConcurrent(source, assert.fail, { concurrency: 2 }))
        assert.ok(reason instanceof TypeError)
        assert.equal(reason.message, `spillway/stream: ${method}() of the source must return an object { done, value }, got ${answer}`)
      }
    })
  }

  it('because the getters of its result throw, the job rejects with that error', async () => {
    for (const result of [{ get done () { throw broken } }, { done: false, get value () { throw broken } }]) {
      for (const [kind, make] of Object.entries(malformed)) {
        const { source } = make(result)
        assert.equal((await catchRejection(forEachConcurrent(source, assert.fail, { concurrency: 2 }))).reason, broken, kind)
      }
    }
  })

  it('an item that came before the error and waits for room does not start', async () => {
    const source = pushedReadable(50, 60)
    const handler = manualHandler()
    const job = forEachConcurrent(source, handler, { concurrency: 2, maxBytes: 100, sizeOf: size => size })
    await waitForTurns()
    source.destroy(broken)
    await waitForTurns()
    handler.calls[0].resolve()
    assert.equal((await catchRejection(job)).reason, broken)
    assert.deepEqual(handler.items(), [50])
  })

  it('and then a handler fails, the job ends at once with the error of the source', async () => {
    const source = pushedReadable(0, 1)
    const handler = manualHandler()
    const job = forEachConcurrent(source, handler, { concurrency: 3 })
    await waitForTurns()
    source.destroy(broken)
    await waitForTurns()
    handler.calls[0].reject(new Error('second'))
    assert.equal((await catchRejection(job)).reason, broken)
    assert.equal(job.stats().lateErrors, 1)
  })

  it('an error in its return() method is not reported', async () => {
    const reasons = await collectUnhandledRejections(async () => {
      for (const name of ['asyncIterator', 'iterator']) {
        const source = { [Symbol[name]]: () => ({ next: () => ({ done: false, value: 1 }), return () { throw new Error('return') } }) }
        await assert.rejects(forEachConcurrent(source, () => { throw broken }, { concurrency: 1 }), broken)
      }
    })
    assert.deepEqual(reasons, [])
  })
})
