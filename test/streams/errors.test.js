'use strict'

const assert = require('node:assert/strict')

const { forEachConcurrent, mapConcurrent } = require('spillway/stream')

const { countingSource, manualHandler, pushedReadable, quiet, rejectionOf, unhandledRejectionsOf } = require('../support/stream.js')

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

describe('stream: errors of handlers', () => {
  for (const [how, fail] of [
    ['throws', error => { throw error }],
    ['rejects', error => Promise.reject(error)]
  ]) {
    for (const error of [new Error('broken'), undefined, null]) {
      it(`a handler that ${how} with ${error} stops pulling, aborts the others, destroys the source and rejects at once`, async () => {
        const source = countingSource()
        const signals = []
        const job = forEachConcurrent(source, (item, { signal }) => {
          signals.push(signal)
          return item === 2 ? fail(error) : new Promise(() => {})
        }, { concurrency: 3 })
        assert.equal((await rejectionOf(job)).reason, error)
        assert.ok(signals.every(signal => signal.aborted))
        assert.equal(source.returned, 1)
        await quiet()
        assert.equal(source.pulled, 3)
        assert.equal(job.stats().failed, 1)
      })
    }
  }

  it('the signal carries the error', async () => {
    const handler = manualHandler()
    const job = forEachConcurrent([0, 1], handler, { concurrency: 2 })
    await quiet()
    const broken = new Error('broken')
    handler.calls[0].reject(broken)
    await rejectionOf(job)
    assert.equal(handler.calls[1].signal.reason, broken)
  })

  it('destroys a Readable, without an error of its own', async () => {
    const source = pushedReadable(1)
    const errors = []
    source.on('error', error => errors.push(error))
    await rejectionOf(forEachConcurrent(source, () => { throw new Error('broken') }, { concurrency: 1 }))
    await quiet()
    assert.equal(source.destroyed, true)
    assert.deepEqual(errors, [])
  })

  it('drops the results that were buffered', async () => {
    const handler = manualHandler()
    const iterator = mapConcurrent([0, 1, 2], handler, { concurrency: 3 })
    const first = iterator.next()
    await quiet()
    handler.calls[1].resolve('dropped')
    await quiet()
    handler.calls[2].reject(new Error('broken'))
    await assert.rejects(first, /^Error: broken$/)
    assert.equal(iterator.stats().buffered, 0)
    assert.equal((await iterator.next()).done, true)
  })

  it('reports an error at once that is behind an item that never settles', async () => {
    const outcome = collectUntilError(mapConcurrent([0, 1], item => item === 0 ? new Promise(() => {}) : failOdd(item), { concurrency: 2 }))
    assert.equal((await outcome).error.message, 'item 1')
  })

  it('leaves no unhandled rejection, the first error wins and later ones are counted', async () => {
    const reasons = await unhandledRejectionsOf(async () => {
      const handler = manualHandler()
      const job = forEachConcurrent([0, 1, 2, 3], handler, { concurrency: 4 })
      await quiet()
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

  it('leaves no unhandled rejection when nobody takes the results, or they were left', async () => {
    const reasons = await unhandledRejectionsOf(async () => {
      const untaken = mapConcurrent([0, 1], failOdd, { concurrency: 2 })
      await untaken.next()
      const handler = manualHandler()
      const left = mapConcurrent([0, 1], handler, { concurrency: 2 })
      left.next()
      await quiet()
      await left.return()
      handler.calls[0].reject(new Error('after the end'))
      await quiet()
      assert.equal(left.stats().lateErrors, 1)
    })
    assert.deepEqual(reasons, [])
  })

  it('treats a thenable that throws as a failed handler', async () => {
    const broken = new Error('broken')
    for (const thenable of [
      { then () { throw broken } },
      { get then () { throw broken } },
      { then: (resolve, reject) => reject(broken) }
    ]) {
      assert.equal((await rejectionOf(forEachConcurrent([1], () => thenable, { concurrency: 1 }))).reason, broken)
    }
  })

  describe('errorOrder: inOrder', () => {
    it('delivers what comes before the failed item, and nothing after it', async () => {
      const handler = manualHandler()
      const source = countingSource()
      const outcome = collectUntilError(mapConcurrent(source, handler, { concurrency: 4, errorOrder: 'inOrder' }))
      await quiet()
      handler.calls[2].reject(new Error('item 2'))
      handler.calls[3].resolve(3)
      await quiet()
      assert.equal(source.pulled, 4)
      assert.equal(source.returned, 1)
      handler.calls[1].resolve(1)
      await quiet()
      assert.equal(handler.calls[0].signal.aborted, false)
      handler.calls[0].resolve(0)
      const { results, error } = await outcome
      assert.deepEqual(results, [0, 1])
      assert.equal(error.message, 'item 2')
    })

    it('reports the error of the earliest item, not the first in time', async () => {
      const handler = manualHandler()
      const job = forEachConcurrent([0, 1, 2], handler, { concurrency: 3, errorOrder: 'inOrder' })
      await quiet()
      handler.calls[2].reject(new Error('item 2'))
      await quiet()
      handler.calls[1].reject(new Error('item 1'))
      await quiet()
      handler.calls[0].resolve()
      await assert.rejects(job, /^Error: item 1$/)
      assert.equal(job.stats().lateErrors, 1)
    })

    it('is the order of completion with ordered: false', async () => {
      const handler = manualHandler()
      const outcome = collectUntilError(mapConcurrent([0, 1, 2], handler, { concurrency: 3, errorOrder: 'inOrder', ordered: false }))
      await quiet()
      handler.calls[2].resolve(2)
      handler.calls[1].reject(new Error('item 1'))
      const { results, error } = await outcome
      assert.deepEqual(results, [2])
      assert.equal(error.message, 'item 1')
    })
  })

  describe('onError', () => {
    it("'continue' goes on and counts", async () => {
      const iterator = mapConcurrent([0, 1, 2, 3, 4], failOdd, { concurrency: 2, onError: 'continue' })
      const { results, error } = await collectUntilError(iterator)
      assert.deepEqual(results, [0, 2, 4])
      assert.equal(error, undefined)
      const { completed, failed, skipped, lateErrors } = iterator.stats()
      assert.deepEqual({ completed, failed, skipped, lateErrors }, { completed: 3, failed: 2, skipped: 2, lateErrors: 0 })
    })

    it("'collect' rejects at the end with all errors, in the order of the input", async () => {
      const handler = manualHandler()
      const outcome = collectUntilError(mapConcurrent([0, 1, 2, 3], handler, { concurrency: 4, onError: 'collect' }))
      await quiet()
      handler.calls[3].reject(new Error('item 3'))
      await quiet()
      handler.calls[1].reject(undefined)
      handler.calls[0].resolve(0)
      handler.calls[2].resolve(2)
      const { results, error } = await outcome
      assert.deepEqual(results, [0, 2])
      assert.ok(error instanceof AggregateError)
      assert.equal(error.message, '2 items failed')
      assert.deepEqual(error.errors.map(({ message }) => message), ['item 1 failed', 'item 3'])
    })

    it("'collect' keeps at most maxErrors, 100 if not given, and counts the rest", async () => {
      for (const [maxErrors, kept] of [[undefined, 100], [3, 3]]) {
        const job = forEachConcurrent(countingSource(150), item => { throw new Error(`item ${item}`) }, { concurrency: 5, onError: 'collect', maxErrors })
        const { reason } = await rejectionOf(job)
        assert.deepEqual(reason.errors.map(({ message }) => message), Array.from({ length: kept }, (_, index) => `item ${index}`))
        assert.equal(reason.message, `150 items failed, ${150 - kept} of the errors are not kept`)
        assert.equal(job.stats().failed, 150)
      }
    })

    it("'collect' resolves when nothing failed", async () => {
      assert.equal((await forEachConcurrent([0, 2], failOdd, { concurrency: 1, onError: 'collect' })).completed, 2)
    })

    it('a function is told the error, the item and its index, and answers stop, skip or a substitute', async () => {
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

    it('a function may itself end the whole', async () => {
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
        assert.equal((await rejectionOf(job)).reason, 'enough')
        const { buffered, skipped, lateErrors } = job.stats()
        assert.deepEqual({ buffered, skipped, lateErrors }, { buffered: 0, skipped: 0, lateErrors: 0 })
      }
    })

    it('a function that throws, or answers something else, stops with that error', async () => {
      const own = new Error('of onError')
      const thrown = rejectionOf(forEachConcurrent([1], failOdd, { concurrency: 1, onError: () => { throw own } }))
      assert.equal((await thrown).reason, own)
      for (const answer of [undefined, null, 'ignore', 5, Promise.resolve('ignore')]) {
        const other = forEachConcurrent([1], failOdd, { concurrency: 1, onError: () => answer })
        await assert.rejects(other, /^TypeError: spillway\/stream: onError must return 'stop', 'skip' or \{ value \}, got /)
      }
    })
  })

  describe('waitForInFlight', () => {
    it('rejects only when the running handlers have settled, and drops their results', async () => {
      const handler = manualHandler()
      const iterator = mapConcurrent(countingSource(), handler, { concurrency: 3, waitForInFlight: true })
      let rejected = false
      const outcome = rejectionOf(iterator.next()).then(rejection => {
        rejected = true
        return rejection
      })
      await quiet()
      handler.calls[1].reject(new Error('first'))
      await quiet()
      assert.equal(handler.calls[0].signal.aborted, true)
      handler.calls[0].resolve('dropped')
      await quiet()
      assert.equal(rejected, false)
      handler.calls[2].reject(new Error('late'))
      assert.equal((await outcome).reason.message, 'first')
      assert.equal(iterator.stats().inFlight, 0)
      assert.equal((await iterator.next()).done, true)
    })

    it('does not delay return()', async () => {
      const handler = manualHandler()
      const iterator = mapConcurrent(countingSource(), handler, { concurrency: 2, waitForInFlight: true })
      const pending = iterator.next()
      await quiet()
      handler.calls[0].reject(new Error('waits'))
      await quiet()
      await iterator.return()
      assert.equal((await pending).done, true)
      handler.calls[1].resolve()
      await iterator.idle
      assert.equal((await iterator.next()).done, true)
    })
  })
})

describe('stream: errors of sources', () => {
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
    it(`${kind}: nothing new starts, running items finish and are delivered, then it rejects`, async () => {
      const { source, fail } = make()
      const handler = manualHandler()
      const outcome = collectUntilError(mapConcurrent(source, handler, { concurrency: 4 }))
      await quiet()
      fail()
      await quiet()
      assert.deepEqual(handler.items(), [0, 1])
      assert.ok(handler.calls.every(({ signal }) => !signal.aborted))
      handler.calls[1].resolve('one')
      await quiet()
      handler.calls[0].resolve('zero')
      const { results, error } = await outcome
      assert.deepEqual(results, ['zero', 'one'])
      assert.equal(error, broken)
    })
  }

  it('a generator that throws is a source that fails', async () => {
    const results = []
    const job = forEachConcurrent((function * () {
      yield 1
      throw broken
    })(), item => { results.push(item) }, { concurrency: 2 })
    assert.equal((await rejectionOf(job)).reason, broken)
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
    it(`${kind}: an answer that is no { done, value } is an error of the source, which says so`, async () => {
      for (const answer of [undefined, null, 5]) {
        const { source, method } = make(answer)
        const { reason } = await rejectionOf(forEachConcurrent(source, assert.fail, { concurrency: 2 }))
        assert.ok(reason instanceof TypeError)
        assert.equal(reason.message, `spillway/stream: ${method}() of the source must return an object { done, value }, got ${answer}`)
      }
    })
  }

  it('a result whose getters throw is an error of the source', async () => {
    for (const result of [{ get done () { throw broken } }, { done: false, get value () { throw broken } }]) {
      for (const [kind, make] of Object.entries(malformed)) {
        const { source } = make(result)
        assert.equal((await rejectionOf(forEachConcurrent(source, assert.fail, { concurrency: 2 }))).reason, broken, kind)
      }
    }
  })

  it('an item that came before the error and waits for room does not start', async () => {
    const source = pushedReadable(50, 60)
    const handler = manualHandler()
    const job = forEachConcurrent(source, handler, { concurrency: 2, maxBytes: 100, sizeOf: size => size })
    await quiet()
    source.destroy(broken)
    await quiet()
    handler.calls[0].resolve()
    assert.equal((await rejectionOf(job)).reason, broken)
    assert.deepEqual(handler.items(), [50])
  })

  it('a handler that fails after the source did ends it at once, with the error of the source', async () => {
    const source = pushedReadable(0, 1)
    const handler = manualHandler()
    const job = forEachConcurrent(source, handler, { concurrency: 3 })
    await quiet()
    source.destroy(broken)
    await quiet()
    handler.calls[0].reject(new Error('second'))
    assert.equal((await rejectionOf(job)).reason, broken)
    assert.equal(job.stats().lateErrors, 1)
  })

  it('an error in the return() of a source that is given up is not reported', async () => {
    const reasons = await unhandledRejectionsOf(async () => {
      for (const name of ['asyncIterator', 'iterator']) {
        const source = { [Symbol[name]]: () => ({ next: () => ({ done: false, value: 1 }), return () { throw new Error('return') } }) }
        await assert.rejects(forEachConcurrent(source, () => { throw broken }, { concurrency: 1 }), broken)
      }
    })
    assert.deepEqual(reasons, [])
  })
})
