'use strict'

const assert = require('node:assert/strict')
const { Readable } = require('node:stream')

const { forEachConcurrent, mapConcurrent } = require('spillway/stream')

const { waitForTurns, catchRejection } = require('../support/stream.js')

const ITEMS = Array.from({ length: 12 }, (_, item) => item)

/** Sources of the same items. The remaining items can be taken after a job has ended. */
const sources = {
  generator: function * () { yield * ITEMS },
  'array iterator': () => ITEMS[Symbol.iterator](),
  'async generator': async function * () { yield * ITEMS },
  Readable: () => Readable.from(ITEMS)
}

/** Each starts a job that handles some items of the source and then ends early. */
const ends = {
  'an error': async (source, handler, options) => {
    await catchRejection(forEachConcurrent(source, async item => {
      handler(item)
      await waitForTurns()
      if (item === 1) throw new Error('broken')
    }, options))
  },
  'stop()': async (source, handler, options) => {
    await forEachConcurrent(source, async (item, { stop }) => {
      handler(item)
      await waitForTurns()
      if (item === 1) stop()
    }, options)
  },
  'a break': async (source, handler, options) => {
    for await (const item of mapConcurrent(source, async item => {
      handler(item)
      await waitForTurns()
      return item
    }, options)) if (item === 1) break
  }
}

describe('With destroySource: false and maxBytes,', () => {
  for (const [kind, make] of Object.entries(sources)) {
    for (const [end, run] of Object.entries(ends)) {
      // The job may have asked for an item that the source cannot take back.
      if (kind === 'async generator' && end === 'a break') continue
      it(`each item either starts or stays in the source when the job ends by ${end} (${kind})`, async () => {
        for (const [size, maxBytes] of [[60, 100], [50, 100], [200, 100], [1, 100]]) {
          const source = make()
          const started = []
          await run(source, item => started.push(item), { concurrency: 3, highWaterMark: 0, maxBytes, sizeOf: () => size, destroySource: false })
          await waitForTurns()
          const left = []
          for await (const item of source) left.push(item)
          assert.deepEqual([...started, ...left], ITEMS)
          assert.ok(left.length > 0)
        }
      })
    }
  }

  it('the bytes exceed maxBytes by one item at most, and not at all if the source can take an item back', async () => {
    for (const [kind, make] of Object.entries(sources)) {
      let most = 0
      const job = forEachConcurrent(make(), async () => {
        most = Math.max(most, job.stats().bytes)
        await waitForTurns()
      }, { concurrency: 8, maxBytes: 100, sizeOf: () => 40, destroySource: false })
      await job
      assert.equal(most, kind === 'Readable' ? 80 : 120)
    }
  })
})
