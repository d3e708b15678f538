'use strict'

const assert = require('node:assert/strict')
const { getEventListeners, once } = require('node:events')

const { concurrentTransform, forEachConcurrent, mapConcurrent } = require('spillway/stream')

const { countingSource, manualHandler, pushedReadable, waitForTurns, catchRejection } = require('../support/stream.js')

const never = () => new Promise(() => {})

describe('The signal option of a stream helper', () => {
  const reason = new Error('enough')

  it('calls no handler and destroys the source when it was aborted before the call', async () => {
    const signal = AbortSignal.abort(reason)
    const source = countingSource()
    assert.equal((await catchRejection(forEachConcurrent(source, assert.fail, { concurrency: 2, signal }))).reason, reason)
    assert.equal(source.returned, 1)
    assert.equal(source.pulled, 0)

    const readable = pushedReadable(1)
    const iterator = mapConcurrent(readable, assert.fail, { concurrency: 2, signal })
    assert.equal(readable.destroyed, true)
    assert.equal((await catchRejection(iterator.next())).reason, reason)
    assert.equal((await iterator.next()).done, true)
  })

  it('calls no handler when it is aborted between the call and the first item', async () => {
    const controller = new AbortController()
    const source = countingSource()
    const job = forEachConcurrent(source, assert.fail, { concurrency: 2, signal: controller.signal })
    controller.abort(reason)
    assert.equal((await catchRejection(job)).reason, reason)
    assert.equal(source.pulled, 0)
    assert.equal(source.returned, 1)
  })

  it('rejects the job at once and destroys the source when it is aborted while the source has no item', async () => {
    let cancelled
    const idle = {
      Readable: pushedReadable(),
      'web stream': new ReadableStream({ cancel () { cancelled = true } }),
      generator: (async function * () { yield await never() })()
    }
    for (const source of Object.values(idle)) {
      const controller = new AbortController()
      const job = forEachConcurrent(source, assert.fail, { concurrency: 2, signal: controller.signal })
      await waitForTurns()
      controller.abort(reason)
      assert.equal((await catchRejection(job)).reason, reason)
    }
    assert.equal(idle.Readable.destroyed, true)
    assert.equal(cancelled, true)
  })

  it('rejects the job at once and aborts the running handlers with the same reason when it is aborted while every slot is taken', async () => {
    const controller = new AbortController()
    const handler = manualHandler()
    const source = countingSource()
    const job = forEachConcurrent(source, handler, { concurrency: 2, signal: controller.signal })
    await waitForTurns()
    controller.abort(reason)
    assert.equal((await catchRejection(job)).reason, reason)
    assert.ok(handler.calls.every(({ signal }) => signal.reason === reason))
    for (const call of handler.calls) call.reject(reason)
    await job.idle
    assert.equal(source.pulled, 2)
  })

  it('drops the results that wait for the consumer', async () => {
    const controller = new AbortController()
    const iterator = mapConcurrent(countingSource(), item => item, { concurrency: 2, signal: controller.signal })
    await iterator.next()
    await waitForTurns()
    controller.abort(reason)
    assert.equal((await catchRejection(iterator.next())).reason, reason)
    assert.equal((await iterator.next()).done, true)
  })

  it('rejects the job when the running handlers have settled, with waitForInFlight', async () => {
    const controller = new AbortController()
    const handler = manualHandler()
    const job = forEachConcurrent(countingSource(), handler, { concurrency: 1, signal: controller.signal, waitForInFlight: true })
    let rejected = false
    job.catch(() => { rejected = true })
    await waitForTurns()
    controller.abort(reason)
    await waitForTurns()
    assert.equal(rejected, false)
    handler.calls[0].resolve()
    assert.equal((await catchRejection(job)).reason, reason)
  })

  it('rejects the job with any reason, and with an AbortError for undefined', async () => {
    for (const given of ['a string', null, 0]) {
      const job = forEachConcurrent([1], never, { concurrency: 1, signal: AbortSignal.abort(given) })
      assert.equal((await catchRejection(job)).reason, given)
    }
    const job = forEachConcurrent([1], never, { concurrency: 1, signal: AbortSignal.abort() })
    assert.equal((await catchRejection(job)).reason.name, 'AbortError')
  })

  it('does not destroy the source with destroySource: false', async () => {
    const controller = new AbortController()
    const source = pushedReadable()
    const job = forEachConcurrent(source, assert.fail, { concurrency: 1, signal: controller.signal, destroySource: false })
    await waitForTurns()
    controller.abort(reason)
    await catchRejection(job)
    assert.equal(source.destroyed, false)
    source.push('still there')
    source.push(null)
    assert.deepEqual(await source.toArray(), ['still there'])

    const web = ReadableStream.from(['kept'])
    await catchRejection(forEachConcurrent(web, assert.fail, { concurrency: 1, signal: AbortSignal.abort(), destroySource: false }))
    assert.deepEqual((await web.getReader().read()).value, 'kept')
  })

  it('gets exactly one listener, which is removed at the end', async () => {
    const { signal } = new AbortController()
    const listeners = () => getEventListeners(signal, 'abort').length
    const handler = manualHandler()
    const job = forEachConcurrent(countingSource(40), handler, { concurrency: 20, signal })
    await waitForTurns()
    assert.equal(listeners(), 1)
    for (let settled = 0; settled < 40; settled++) {
      handler.calls[settled].resolve()
      await waitForTurns()
    }
    await job
    assert.equal(listeners(), 0)

    const failing = forEachConcurrent([1], () => { throw reason }, { concurrency: 1, signal })
    assert.equal(listeners(), 1)
    await catchRejection(failing)
    assert.equal(listeners(), 0)

    const iterator = mapConcurrent(countingSource(), item => item, { concurrency: 1, signal })
    await iterator.next()
    assert.equal(listeners(), 1)
    await iterator.return()
    assert.equal(listeners(), 0)

    const transform = concurrentTransform(item => item, { concurrency: 1, signal })
    assert.equal(listeners(), 1)
    transform.destroy()
    assert.equal(listeners(), 0)
  })
})

describe('The timeout option of a stream helper', () => {
  it('fails an item with a TimeoutError and aborts the signal of the item', async () => {
    const handler = manualHandler()
    const job = forEachConcurrent(['slow'], handler, { concurrency: 1, timeout: 5 })
    const { reason } = await catchRejection(job)
    assert.equal(reason.name, 'TimeoutError')
    assert.equal(reason.message, 'item 0 took longer than 5 ms')
    assert.equal(handler.calls[0].signal.reason, reason)
    assert.equal(job.stats().failed, 1)
    handler.calls[0].reject(reason)
    await job.idle
    assert.equal(job.stats().failed, 1)
    assert.equal(job.stats().lateErrors, 0)
  })

  it('does not abort the signals of other items', async () => {
    const signals = []
    const iterator = mapConcurrent([0, 1], (item, { signal }) => {
      signals.push(signal)
      return item === 0 ? never() : 'in time'
    }, { concurrency: 2, timeout: 5, onError: 'continue' })
    assert.deepEqual(await iterator.next(), { done: false, value: 'in time' })
    assert.deepEqual(signals.map(({ aborted }) => aborted), [true, false])
  })

  it('keeps the slot of the item until its handler settles, and ignores what the handler returns', async () => {
    for (const settle of [call => call.resolve('too late'), call => call.reject(new Error('too late'))]) {
      const slow = manualHandler()
      const started = []
      const job = forEachConcurrent([0, 1], (item, context) => {
        started.push(item)
        return item === 0 ? slow(item, context) : undefined
      }, { concurrency: 1, timeout: 5, onError: 'continue' })
      await waitForTurns()
      const [call] = slow.calls
      if (!call.signal.aborted) await once(call.signal, 'abort')
      await waitForTurns()
      assert.deepEqual(started, [0])
      assert.equal(job.stats().inFlight, 1)
      settle(call)
      const { completed, failed, skipped, lateErrors } = await job
      assert.deepEqual({ completed, failed, skipped, lateErrors }, { completed: 1, failed: 1, skipped: 1, lateErrors: 0 })
    }
  })

  it('lets later results be delivered although the handler of the item never settles', async () => {
    const iterator = mapConcurrent([0, 1], item => item === 0 ? never() : item, { concurrency: 2, timeout: 5, onError: () => ({ value: 'gave up' }) })
    assert.equal((await iterator.next()).value, 'gave up')
    assert.equal((await iterator.next()).value, 1)
    assert.equal((await iterator.next()).done, true)
    assert.equal(iterator.stats().inFlight, 1)
  })

  it('leaves no timer at the end of the job', async () => {
    const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
    await waitForTurns() // Mocha sets its own timer when the test has begun
    const before = timers()
    await forEachConcurrent([1, 2, 3], async () => {}, { concurrency: 2, timeout: 60_000 })
    await catchRejection(forEachConcurrent([1, 2], item => item === 2 ? Promise.reject(new Error('stop')) : never(), { concurrency: 2, timeout: 60_000 }))
    assert.equal(timers(), before)
  })

  it('aborts the signals of all items when the job is aborted', async () => {
    const controller = new AbortController()
    const handler = manualHandler()
    const job = forEachConcurrent([0, 1], handler, { concurrency: 2, timeout: 60_000, signal: controller.signal })
    await waitForTurns()
    controller.abort('enough')
    await catchRejection(job)
    assert.deepEqual(handler.calls.map(({ signal }) => signal.reason), ['enough', 'enough'])
  })
})
