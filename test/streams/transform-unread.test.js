'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const http = require('node:http')
const { Readable, pipeline: callbackPipeline } = require('node:stream')
const { pipeline } = require('node:stream/promises')

const { concurrentTransform } = require('spillway/stream')

const { countingSource, manualHandler, waitForTurns, catchRejection } = require('../support/stream.js')

describe('A concurrentTransform() that is not read', () => {
  it('finishes when every item has its outcome, if the results fit in highWaterMark', async () => {
    for (const options of [{ concurrency: 4 }, { concurrency: 1, highWaterMark: 3 }, { concurrency: 1, highWaterMark: Infinity }]) {
      const handler = manualHandler()
      const transform = concurrentTransform(handler, options)
      const finish = once(transform, 'finish')
      let hasFinished = false
      finish.then(() => { hasFinished = true })
      for (let item = 0; item < 3; item++) transform.write(item)
      transform.end()
      for (let settled = 0; settled < 3; settled++) {
        await waitForTurns()
        assert.equal(hasFinished, false)
        handler.calls[settled].resolve(settled)
      }
      await finish
      assert.deepEqual(await transform.toArray(), [0, 1, 2])
    }
  })

  it('finishes with any number of items that have no results', async () => {
    let handled = 0
    await pipeline(Readable.from(countingSource(100)), concurrentTransform(async () => { handled++ }, { concurrency: 2 }))
    assert.equal(handled, 100)
  })

  it('ends pipeline(request, transform, callback) in an HTTP server', async () => {
    const bodies = []
    const server = http.createServer((req, res) => {
      const transform = concurrentTransform(async chunk => { bodies.push(String(chunk)) }, { concurrency: 2 })
      callbackPipeline(req, transform, error => res.end(error ? error.message : 'stored'))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      const response = await fetch(`http://127.0.0.1:${server.address().port}/`, { method: 'POST', body: 'a body' })
      assert.equal(await response.text(), 'stored')
      assert.deepEqual(bodies, ['a body'])
    } finally {
      server.close()
      server.closeAllConnections()
    }
  })

  it('does not finish while the results do not fit, and buffers no more than that', async () => {
    const transform = concurrentTransform(item => item, { concurrency: 2, highWaterMark: 1 })
    let hasFinished = false
    transform.on('finish', () => { hasFinished = true })
    Readable.from(countingSource(10)).pipe(transform)
    await waitForTurns()
    assert.equal(transform.readableLength, 3)
    assert.equal(transform.stats().buffered, 3)
    assert.equal(hasFinished, false)
    assert.equal((await transform.toArray()).length, 10)
    assert.equal(hasFinished, true)
  })

  it('holds no more bytes of items than maxBytes', async () => {
    const transform = concurrentTransform(item => item, { concurrency: 8, highWaterMark: Infinity, maxBytes: 100, sizeOf: () => 40 })
    Readable.from(countingSource(10)).pipe(transform)
    await waitForTurns()
    assert.equal(transform.readableLength, 2)
    assert.equal(transform.stats().bytes, 80)
    transform.read()
    await waitForTurns()
    assert.equal(transform.stats().bytes, 80)
    assert.equal(transform.stats().completed, 3)
    transform.destroy()
  })

  it('delivers the results before a later error when it is finally read', async () => {
    const broken = new Error('broken')
    const cases = [
      { errorOrder: 'inOrder' },
      { onError: 'collect' }
    ]
    for (const options of cases) {
      const transform = concurrentTransform(item => {
        if (item === 1) throw broken
        return item
      }, { concurrency: 1, ...options })
      transform.write(0)
      transform.end(1)
      await waitForTurns()
      const results = []
      const { reason } = await catchRejection((async () => {
        for await (const result of transform) results.push(result)
      })())
      assert.deepEqual(results, [0])
      assert.equal(reason.errors?.[0] ?? reason, broken)
    }
  })
})
