'use strict'

const assert = require('node:assert/strict')
const { getEventListeners } = require('node:events')

const { forEachConcurrent } = require('spillway/stream')

describe('The signal option of a stream helper', () => {
  it('keeps no listener after 100,000 jobs with the same signal', async function () {
    this.timeout(60_000)
    const { signal } = new AbortController()
    for (let run = 0; run < 100_000; run++) {
      await forEachConcurrent([run], () => {}, { concurrency: 1, signal })
    }
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })
})
