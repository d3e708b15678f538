'use strict'

const assert = require('node:assert/strict')

const { concurrentTransform, forEachConcurrent, mapConcurrent, skip } = require('spillway/stream')

const { manualHandler, pushedReadable, waitForTurns, catchRejection, collectUnhandledRejections } = require('../support/stream.js')

async function * nothingAfter (promise) {
  await promise
}

describe('Events that coincide in a stream helper:', () => {
  describe('when other code resumes the source, a Readable,', () => {
    /** Starts a job that has started item 0 of five, and keeps item 1 until there is room. */
    async function jobThatKeepsOne (source, options) {
      const handler = manualHandler()
      const job = forEachConcurrent(source, handler, { concurrency: 2, maxBytes: 1, sizeOf: () => 1, ...options })
      job.catch(() => {})
      await waitForTurns()
      return { handler, job }
    }

    async function settleAll (handler) {
      for (let i = 0; i < handler.calls.length; i++) {
        handler.calls[i].resolve()
        await waitForTurns()
      }
    }

    it('no chunk is lost: chunks that were not requested are handled later, in order, and then the end', async () => {
      const source = pushedReadable(0, 1, 2, 3, 4)
      const { handler, job } = await jobThatKeepsOne(source)
      source.resume()
      await waitForTurns()
      source.resume()
      source.push(null)
      await waitForTurns()
      assert.deepEqual(handler.items(), [0])
      await settleAll(handler)
      const { pulled, completed } = await job
      assert.deepEqual(handler.items(), [0, 1, 2, 3, 4])
      assert.deepEqual({ pulled, completed }, { pulled: 5, completed: 5 })
    })

    it('it gets the chunks that were not requested back, in order, if it is not destroyed', async () => {
      const source = pushedReadable(0, 1, 2, 3, 4)
      const controller = new AbortController()
      const { handler, job } = await jobThatKeepsOne(source, { signal: controller.signal, destroySource: false })
      source.resume()
      await waitForTurns()
      source.resume()
      await waitForTurns()
      controller.abort()
      await catchRejection(job)
      source.push(null)
      handler.calls[0].resolve()
      assert.deepEqual(await source.toArray(), [1, 2, 3, 4])
    })
  })

  describe('an asynchronous onError', () => {
    /** An onError whose calls the test settles. */
    function manualVerdict () {
      const verdicts = []
      return Object.assign(() => new Promise(resolve => verdicts.push(resolve)), { verdicts })
    }

    it('of an item that timed out keeps the slot, and its answer counts even if the handler settles first', async () => {
      for (const settleFirst of [true, false]) {
        const onError = manualVerdict()
        const started = []
        const iterator = mapConcurrent(['slow', 'fast'], (item, { signal }) => {
          started.push(item)
          if (item === 'fast') return item
          return new Promise(resolve => signal.addEventListener('abort', () => { if (settleFirst) resolve() }))
        }, { concurrency: settleFirst ? 1 : 2, timeout: 1, onError })
        const results = iterator.toArray()
        while (onError.verdicts.length === 0) await waitForTurns()
        await waitForTurns()
        assert.deepEqual(started, settleFirst ? ['slow'] : ['slow', 'fast'])
        onError.verdicts[0]({ value: 'substitute' })
        assert.deepEqual(await results, ['substitute', 'fast'])
      }
    })

    it('does not block the other slots while it is pending', async () => {
      const onError = manualVerdict()
      const gate = manualHandler()
      const iterator = mapConcurrent([0, 1, 2, 3, 4], (item, context) => {
        if (item > 1) throw new Error(`item ${item}`)
        return gate(item, context)
      }, { concurrency: 2, highWaterMark: 0, onError })
      const results = iterator.toArray()
      await waitForTurns()
      gate.calls[1].resolve(1)
      await waitForTurns()
      gate.calls[0].resolve(0)
      await waitForTurns()
      assert.equal(onError.verdicts.length, 2)
      for (let i = 0; i < onError.verdicts.length; i++) {
        onError.verdicts[i]('skip')
        await waitForTurns()
      }
      assert.deepEqual(await results, [0, 1])
    })
  })

  describe('stop()', () => {
    const idleOf = async job => {
      await job.idle
      const { pulled, completed, failed, skipped, buffered } = job.stats()
      return { pulled, completed, failed, skipped, buffered }
    }

    for (const ordered of [true, false]) {
      it(`loses no earlier result when a later item has timed out and its handler still runs, with ordered: ${ordered}`, async () => {
        const handler = manualHandler()
        let stopAfterSecond
        let answer
        const iterator = mapConcurrent([0, 1, 2], (item, context) => {
          if (item === 1) stopAfterSecond = context.stop
          return handler(item, context)
        }, {
          concurrency: 3,
          ordered,
          timeout: 1,
          onError: (_error, { index }) => index === 0 ? new Promise(resolve => { answer = resolve }) : 'skip'
        })
        const results = iterator.toArray()
        while (iterator.stats().failed < 3) await waitForTurns()
        stopAfterSecond()
        await waitForTurns()
        assert.equal(iterator.stats().buffered, ordered ? 1 : 0)
        answer({ value: 'substitute' })
        assert.deepEqual(await results, ['substitute'])
        assert.equal(iterator.stats().skipped, 2)
      })
    }

    it('leaves out a later item even if onError returns a value for it afterwards', async () => {
      const gate = manualHandler()
      let answer
      const iterator = mapConcurrent([0, 1, 2], (item, context) => {
        if (item === 2) throw new Error('broken')
        return gate(item, context)
      }, { concurrency: 3, ordered: false, onError: () => new Promise(resolve => { answer = resolve }) })
      const results = iterator.toArray()
      await waitForTurns()
      gate.calls[1].stop()
      answer({ value: 'late' })
      await waitForTurns()
      gate.calls[1].resolve(1)
      gate.calls[0].resolve(0)
      assert.deepEqual(await results, [1, 0])
      assert.deepEqual(await idleOf(iterator), { pulled: 3, completed: 2, failed: 1, skipped: 1, buffered: 0 })
    })

    it('counts a later item whose handler returned skip only once as skipped', async () => {
      const gate = manualHandler()
      const iterator = mapConcurrent([0, 1, 2], async (item, context) => {
        if (item > 0) return skip
        await gate(item, context)
        context.stop()
        return item
      }, { concurrency: 3 })
      const results = iterator.toArray()
      await waitForTurns()
      gate.calls[0].resolve()
      assert.deepEqual(await results, [0])
      assert.deepEqual(await idleOf(iterator), { pulled: 3, completed: 3, failed: 0, skipped: 2, buffered: 0 })
    })

    it('ends the job without an error even if the source has failed after its item', async () => {
      const gate = manualHandler()
      const source = async function * () {
        yield 0
        throw new Error('source')
      }
      const iterator = mapConcurrent(source(), async (item, context) => {
        await gate(item, context)
        context.stop()
        return item
      }, { concurrency: 3 })
      const results = iterator.toArray()
      await waitForTurns()
      gate.calls[0].resolve()
      assert.deepEqual(await results, [0])
    })
  })

  describe('toArray()', () => {
    it('rejects with the reason of a signal that was aborted before the call', async () => {
      const broken = new Error('broken')
      const iterator = mapConcurrent([1], assert.fail, { concurrency: 1, signal: AbortSignal.abort(broken) })
      assert.equal((await catchRejection(iterator.toArray())).reason, broken)
      assert.deepEqual(await iterator.next(), { done: true, value: undefined })
    })

    it('rejects when the job is disposed of, because some results are missing', async () => {
      const reasons = await collectUnhandledRejections(async () => {
        for (const isAwaited of [true, false]) {
          const handler = manualHandler()
          const iterator = mapConcurrent([1, 2], handler, { concurrency: 1 })
          const results = iterator.toArray()
          await waitForTurns()
          handler.calls[0].resolve(1)
          await waitForTurns()
          const disposed = iterator[Symbol.asyncDispose]()
          handler.calls[1].resolve(2)
          await disposed
          if (isAwaited) assert.equal((await catchRejection(results)).reason.name, 'AbortError')
        }
      })
      assert.equal(reasons.length, 0)
    })
  })

  describe('the flatten option', () => {
    it('fills all free slots again with synchronous handlers', async () => {
      for (const isAsync of [false, true]) {
        const gates = manualHandler()
        const started = []
        const iterator = mapConcurrent([0, 1, 2, 3, 4, 5], function (item, context) {
          started.push(item)
          const gate = item === 1 || item === 2 ? undefined : gates(item, context)
          return isAsync ? Promise.resolve(nothingAfter(gate)) : nothingAfter(gate)
        }, { concurrency: 3, highWaterMark: 0, flatten: true })
        const results = iterator.toArray()
        await waitForTurns()
        assert.deepEqual(started, [0, 1, 2])
        gates.calls[0].resolve()
        await waitForTurns()
        assert.deepEqual(started, [0, 1, 2, 3, 4, 5])
        for (const { resolve } of gates.calls) resolve()
        assert.deepEqual(await results, [])
      }
    })

    it('closes the iterable of flush when the Duplex is destroyed, and delays idle until then', async () => {
      let closed = false
      const flush = async function * () {
        try {
          for (;;) yield 'more'
        } finally {
          await waitForTurns()
          closed = true
        }
      }
      const transform = concurrentTransform(() => [], { concurrency: 1, flatten: true, flush })
      transform.end(0)
      await waitForTurns()
      transform.destroy()
      await transform.idle
      assert.equal(closed, true)
    })
  })

  it('an item that waits for room when the source fails counts as skipped', async () => {
    const gate = manualHandler()
    const source = pushedReadable(0, 1)
    const job = forEachConcurrent(source, gate, { concurrency: 2, maxBytes: 1, sizeOf: () => 1 })
    const outcome = catchRejection(job)
    await waitForTurns()
    source.destroy(new Error('broken'))
    await waitForTurns()
    gate.calls[0].resolve()
    await outcome
    const { pulled, completed, skipped } = job.stats()
    assert.deepEqual({ pulled, completed, skipped }, { pulled: 2, completed: 1, skipped: 1 })
  })
})
