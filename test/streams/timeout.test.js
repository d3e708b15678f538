'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { setTimeout } = require('node:timers/promises')

const { forEachConcurrent, mapConcurrent } = require('spillway/stream')

const { countingSource, manualHandler, waitForTurns } = require('../support/stream.js')
const { keepWarnings } = require('../support/warnings.js')

describe('timeoutFreesSlot', () => {
  it('lets the next item start although the handler still runs, and idle waits for that handler', async () => {
    const handler = manualHandler()
    const job = forEachConcurrent([0, 1], handler, { concurrency: 1, timeout: 20, timeoutFreesSlot: true, onError: 'continue' })
    await waitForTurns()
    const [{ signal }] = handler.calls
    if (!signal.aborted) await once(signal, 'abort')
    await waitForTurns()
    assert.deepEqual(handler.items(), [0, 1])
    const { inFlight, peakInFlight } = job.stats()
    assert.deepEqual({ inFlight, peakInFlight }, { inFlight: 2, peakInFlight: 2 })
    handler.calls[1].resolve()
    const { failed } = await job
    assert.ok(failed >= 1)

    let idle = false
    job.idle.then(() => { idle = true })
    await waitForTurns()
    assert.equal(idle, false)
    handler.calls[0].resolve('too late')
    await job.idle
    const { pulled, completed } = job.stats()
    assert.deepEqual({ pulled, completed }, { pulled: 2, completed: 2 - failed })
  })

  it('frees one slot, and no other when the handler settles later', async () => {
    const handler = manualHandler()
    const job = forEachConcurrent(countingSource(3), handler, { concurrency: 1, timeout: 20, timeoutFreesSlot: true, onError: 'continue' })
    await waitForTurns()
    const [{ signal }] = handler.calls
    if (!signal.aborted) await once(signal, 'abort')
    await waitForTurns()
    handler.calls[0].resolve()
    await waitForTurns()
    // If the machine was stalled, the second item may have timed out, too.
    assert.ok(handler.calls.length === 2 || handler.calls[1].signal.aborted)
    handler.calls[1].resolve()
    await waitForTurns()
    handler.calls[2].resolve()
    await job
  })

  it('keeps the order of the results', async () => {
    const iterator = mapConcurrent([0, 1, 2], item => item === 1 ? new Promise(() => {}) : item, {
      concurrency: 1, timeout: 5, timeoutFreesSlot: true, onError: () => ({ value: 'gave up' })
    })
    assert.deepEqual(await iterator.toArray(), [0, 'gave up', 2])
  })
})

describe('The signal of stream handlers', () => {
  it('accepts a listener of each of many handlers without a warning', async () => {
    for (const options of [{}, { timeout: 60_000 }, { retry: { attempts: 2, delay: 0 } }]) {
      const warningsSince = keepWarnings()
      await forEachConcurrent(countingSource(100), (item, { signal }) => setTimeout(1, undefined, { signal }), { concurrency: 50, ...options })
      await mapConcurrent(countingSource(100), (item, { signal }) => new Promise(resolve => {
        signal.addEventListener('abort', resolve)
        setImmediate(resolve)
      }), { concurrency: 50, ...options }).toArray()
      assert.deepEqual(await warningsSince(), [])
    }
  })
})
