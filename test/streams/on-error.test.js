'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')

const { concurrentTransform, forEachConcurrent, mapConcurrent } = require('spillway/stream')

const { manualHandler, pushedReadable, waitForTurns, catchRejection, collectUnhandledRejections } = require('../support/stream.js')

const broken = new Error('broken')

const failOdd = item => {
  if (item % 2 === 1) throw broken
  return item
}

/** Returns an asynchronous onError whose calls the test settles. */
function manualJudge () {
  const asked = []
  const onError = (error, failed) => new Promise((resolve, reject) => { asked.push({ error, ...failed, resolve, reject }) })
  return { asked, onError }
}

describe('An asynchronous onError', () => {
  it('gets the error, the item and its index, and its answer is obeyed', async () => {
    for (const handler of [failOdd, async item => failOdd(item)]) {
      const { asked, onError } = manualJudge()
      const results = mapConcurrent([0, 1, 2, 3, 4], handler, { concurrency: 5, onError }).toArray()
      await waitForTurns()
      assert.deepEqual(asked.map(({ error, item, index }) => [error, item, index]), [[broken, 1, 1], [broken, 3, 3]])
      asked[1].resolve({ value: 'three' })
      asked[0].resolve('skip')
      assert.deepEqual(await results, [0, 2, 'three', 4])
    }
  })

  it("ends the job with the error of the item when it resolves to 'stop'", async () => {
    const { asked, onError } = manualJudge()
    const outcome = catchRejection(forEachConcurrent([1], failOdd, { concurrency: 1, onError }))
    await waitForTurns()
    asked[0].resolve('stop')
    assert.equal((await outcome).reason, broken)
  })

  it('ends the job with its own error when it rejects or resolves to something else', async () => {
    const other = new Error('other')
    assert.equal((await catchRejection(forEachConcurrent([1], failOdd, { concurrency: 1, onError: () => Promise.reject(other) }))).reason, other)
    await assert.rejects(forEachConcurrent([1], failOdd, { concurrency: 1, onError: async () => 'ignore' }), {
      name: 'TypeError', message: /^spillway\/stream: onError must return 'stop', 'skip' or \{ value \}, got /
    })
    const substituting = concurrentTransform(failOdd, { concurrency: 1, onError: async () => ({ value: null }) })
    substituting.end(1)
    const [error] = await once(substituting, 'error')
    assert.match(error.message, /^spillway\/stream: concurrentTransform\(\) cannot deliver null/)
  })

  it('may return any thenable', async () => {
    const onError = () => ({ then (resolve) { resolve({ value: 'instead' }) } })
    assert.deepEqual(await mapConcurrent([0, 1], failOdd, { concurrency: 1, onError }).toArray(), [0, 'instead'])
  })

  it('keeps the slot of the item, and delays idle, until it settles', async () => {
    const { asked, onError } = manualJudge()
    const started = []
    const job = forEachConcurrent([1, 2], item => {
      started.push(item)
      return failOdd(item)
    }, { concurrency: 1, onError })
    await waitForTurns()
    assert.deepEqual(started, [1])
    assert.equal(job.stats().inFlight, 1)
    asked[0].resolve('skip')
    const { failed, skipped, completed } = await job
    assert.deepEqual({ failed, skipped, completed }, { failed: 1, skipped: 1, completed: 1 })
  })

  it('keeps the position of the item in the order, unless ordered is false', async () => {
    for (const [ordered, expected] of [[true, ['one', 2]], [false, [2, 'one']]]) {
      const { asked, onError } = manualJudge()
      const results = mapConcurrent([1, 2], failOdd, { concurrency: 2, ordered, onError }).toArray()
      await waitForTurns()
      asked[0].resolve({ value: 'one' })
      assert.deepEqual(await results, expected)
    }
  })

  it('is called for an item that times out although its handler never settles', async () => {
    for (const [verdict, expected] of [['skip', []], [{ value: 'instead' }, ['instead']]]) {
      const { asked, onError } = manualJudge()
      const handler = manualHandler()
      const results = mapConcurrent([0], handler, { concurrency: 2, timeout: 5, onError }).toArray()
      await waitForTurns()
      const { signal } = handler.calls[0]
      if (!signal.aborted) await once(signal, 'abort')
      await waitForTurns()
      assert.equal(asked[0].error.name, 'TimeoutError')
      asked[0].resolve(verdict)
      assert.deepEqual(await results, expected)
    }
  })

  it('is not called again when the item times out in the meantime', async () => {
    const { asked, onError } = manualJudge()
    let signal
    const results = mapConcurrent([1], (item, context) => {
      signal = context.signal
      throw broken
    }, { concurrency: 1, timeout: 5, onError }).toArray()
    await waitForTurns()
    if (!signal.aborted) await once(signal, 'abort')
    assert.equal(asked.length, 1)
    asked[0].resolve({ value: 'instead' })
    assert.deepEqual(await results, ['instead'])
  })

  it('has no effect when it settles after the end; a rejection is counted', async () => {
    const reasons = await collectUnhandledRejections(async () => {
      const { asked, onError } = manualJudge()
      const iterator = mapConcurrent([1, 3, 5], failOdd, { concurrency: 3, onError })
      iterator.next()
      await waitForTurns()
      await iterator.return()
      asked[0].resolve('stop')
      asked[1].resolve({ value: 1 })
      asked[2].reject(new Error('late'))
      await iterator.idle
      const { lateErrors, buffered, failed, skipped } = iterator.stats()
      assert.deepEqual({ lateErrors, buffered, failed, skipped }, { lateErrors: 1, buffered: 0, failed: 3, skipped: 0 })
    })
    assert.deepEqual(reasons, [])
  })
})

describe("The errors that onError: 'collect' reports", () => {
  const collect = async (source, handler, options) =>
    (await catchRejection(forEachConcurrent(source, handler, { concurrency: 2, onError: 'collect', ...options }))).reason

  it('are the thrown errors, each with the index and the item of its failure', async () => {
    for (const fail of [error => { throw error }, error => Promise.reject(error)]) {
      const thrown = { b: new Error('b'), d: new TypeError('d') }
      const { errors } = await collect(['a', 'b', 'c', 'd'], item => item in thrown ? fail(thrown[item]) : item)
      assert.deepEqual(errors.map(({ index, item }) => [index, item]), [[1, 'b'], [3, 'd']])
      assert.ok(errors.every(error => error === thrown[error.item]))
    }
  })

  it('do not show the item when they are printed', async () => {
    const { errors: [error] } = await collect(['secret'], () => { throw new Error('broken') })
    assert.deepEqual(Object.keys(error), [])
  })

  it('are new errors with the thrown value as their cause if index and item cannot be added to it', async () => {
    const frozen = Object.freeze(new Error('frozen'))
    const labelled = Object.assign(new Error('its own index'), { index: 7 })
    const itemised = Object.assign(new Error('its own item'), { item: undefined })
    for (const value of ['a string', undefined, null, 0, {}, frozen, labelled, itemised]) {
      const { errors: [error] } = await collect(['only'], () => { throw value })
      assert.ok(error instanceof Error)
      assert.equal(error.message, 'item 0 failed')
      assert.equal(error.cause, value)
      assert.deepEqual([error.index, error.item], [0, 'only'])
    }
    assert.equal(labelled.index, 7)
  })

  it('are separate when several items throw the same error', async () => {
    const same = new Error('same')
    const { errors } = await collect(['a', 'b'], () => { throw same }, { concurrency: 1 })
    assert.deepEqual(errors.map(({ index, item }) => [index, item]), [[0, 'a'], [1, 'b']])
    assert.deepEqual([errors[0], errors[1].cause], [same, same])
  })

  it('have the promise as their item if a promise in an array rejected', async () => {
    const promise = Promise.reject(new Error('rejected'))
    const { errors: [error] } = await collect([promise], assert.fail)
    assert.equal(error.item, promise)
  })

  it('have the item of an item that timed out', async () => {
    const { errors: [error] } = await collect(['slow'], () => new Promise(() => {}), { timeout: 5 })
    assert.deepEqual([error.name, error.index, error.item], ['TimeoutError', 0, 'slow'])
  })

  it('are those of at most maxErrors items', async () => {
    const { errors, message } = await collect([0, 1, 2], item => { throw new Error(item) }, { maxErrors: 2 })
    assert.deepEqual(errors.map(({ index }) => index), [0, 1])
    assert.equal(message, '3 items failed; 1 of the errors was not kept')
  })

  it('end with the error of the source if it fails, which is also the cause', async () => {
    const source = pushedReadable('a', 'b')
    const handler = manualHandler()
    const outcome = collect(source, handler)
    await waitForTurns()
    source.destroy(broken)
    const ofItem = new Error('of the item')
    handler.calls[1].reject(ofItem)
    handler.calls[0].resolve()
    const error = await outcome
    assert.ok(error instanceof AggregateError)
    assert.deepEqual(error.errors, [ofItem, broken])
    assert.equal(error.cause, broken)
    assert.equal(error.message, '1 item failed; then the source failed')
  })

  it('do not hide the error of the source if no item failed', async () => {
    const source = pushedReadable('a')
    const outcome = collect(source, item => item)
    await waitForTurns()
    source.destroy(broken)
    assert.equal(await outcome, broken)
  })

  it('are also reported after stop()', async () => {
    const error = await collect([0, 1, 2, 3], (item, { stop }) => {
      if (item === 2) stop()
      return failOdd(item)
    }, { concurrency: 1 })
    assert.deepEqual(error.errors, [broken])
  })
})
