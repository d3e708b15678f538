'use strict'

const assert = require('node:assert/strict')
const { AsyncLocalStorage } = require('node:async_hooks')
const { execFile } = require('node:child_process')
const { PassThrough, Readable } = require('node:stream')
const { pipeline } = require('node:stream/promises')
const { promisify } = require('node:util')

const { concurrentTransform, forEachConcurrent, mapConcurrent } = require('spillway/stream')

const { countingSource, pushedReadable, waitForTurns } = require('../support/stream.js')

const run = promisify(execFile)

/** Returns the number of completed items at each turn of the event loop while the job ran. */
async function doneAtEachTurn (count, job) {
  const done = []
  let over = false
  const look = () => {
    done.push(count())
    if (!over) setImmediate(look)
  }
  setImmediate(look)
  try {
    await job()
  } finally {
    over = true
  }
  return [...done, count()]
}

const largestStep = done => Math.max(...done.map((count, turn) => count - (done[turn - 1] ?? 0)))

describe('A stream helper and the event loop:', () => {
  it('items with a synchronous handler are done one after the other, without a microtask between them', async () => {
    let microtaskRan = true
    let runs = 0
    await forEachConcurrent(countingSource(500), () => {
      if (microtaskRan) runs++
      microtaskRan = false
      queueMicrotask(() => { microtaskRan = true })
    }, { concurrency: 1 })
    assert.ok(runs < 100, `${runs} runs of items`) // one, or a few if the machine was busy for 5 ms
  })

  for (const [kind, handler] of [['synchronous', () => {}], ['asynchronous but never waiting', async () => {}]]) {
    it(`the helper yields to the event loop at least every 1,024 completions of a handler that is ${kind}`, async () => {
      let handled = 0
      const count = item => {
        handled++
        return handler(item)
      }
      const done = await doneAtEachTurn(() => handled, () => forEachConcurrent(countingSource(20_000), count, { concurrency: 16 }))
      assert.equal(handled, 20_000)
      assert.ok(largestStep(done) <= 1024, `${largestStep(done)} in one turn`)

      handled = 0
      const doneByMap = await doneAtEachTurn(() => handled, async () => {
        for await (const result of mapConcurrent(countingSource(20_000), count, { concurrency: 16 })) assert.equal(result, undefined)
      })
      assert.equal(handled, 20_000)
      assert.ok(largestStep(doneByMap) <= 1024, `${largestStep(doneByMap)} in one turn`)
    })
  }

  it('the helper yields to the event loop at least every 5 ms', async () => {
    let handled = 0
    const busy = () => {
      const until = performance.now() + 2
      while (performance.now() < until);
      handled++
    }
    const done = await doneAtEachTurn(() => handled, () => forEachConcurrent(countingSource(20), busy, { concurrency: 4 }))
    assert.ok(largestStep(done) <= 3, `${largestStep(done)} handlers of 2 ms in one turn`)
  })

  it('the handler runs in the AsyncLocalStorage context of the caller', async () => {
    const storage = new AsyncLocalStorage()
    const seen = new Set()
    const handler = async () => {
      seen.add(storage.getStore())
      await waitForTurns()
      seen.add(storage.getStore())
    }
    const sources = [() => countingSource(9), () => Readable.from(countingSource(9)), () => ReadableStream.from([1, 2, 3])]
    for (const makeSource of sources) {
      for (const options of [{ concurrency: 1 }, { concurrency: 3 }, { concurrency: 2, timeout: 10_000 }]) {
        const source = storage.run('source', makeSource)
        await storage.run('caller', () => forEachConcurrent(source, handler, options))
        const iterator = storage.run('caller', () => mapConcurrent(storage.run('source', makeSource), handler, options))
        await storage.run('consumer', async () => {
          for await (const result of iterator) assert.equal(result, undefined)
        })
        const transform = storage.run('creator', () => concurrentTransform(handler, options))
        await storage.run('caller', () => pipeline(makeSource(), transform, new PassThrough({ objectMode: true })))
      }
    }
    assert.deepEqual([...seen], ['caller'])
  })

  it('the handler runs in the context of the caller, too, when another context raises job.concurrency or pushes an item', async () => {
    const storage = new AsyncLocalStorage()
    const seen = []
    const source = pushedReadable()
    const job = storage.run('caller', () => forEachConcurrent(source, async () => {
      seen.push(storage.getStore())
      await waitForTurns()
    }, { concurrency: 1 }))
    await waitForTurns()
    storage.run('producer', () => {
      source.push(1)
      source.push(2)
      source.push(3)
    })
    storage.run('controller', () => { job.concurrency = 3 })
    source.push(null)
    await job
    assert.deepEqual(seen, ['caller', 'caller', 'caller'])
  })

  it('a job that cannot continue does not keep the process alive', async () => {
    const script = `
      const { mapConcurrent } = require('spillway/stream')
      const iterator = mapConcurrent([1, 2, 3], item => item, { concurrency: 2, stallTimeout: 10, onStall () {} })
      iterator.next()`
    await run(process.execPath, ['-e', script], { cwd: require('node:path').join(__dirname, '..', '..') })
  })
})
