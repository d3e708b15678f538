'use strict'

const assert = require('node:assert/strict')
const measure = require('../../bench/measure')
const Tally = require('../../bench/load/tally')

describe('the tally', () => {
  it('computes percentiles by nearest rank', () => {
    const tally = new Tally({ durationMs: 1000 })
    for (let ms = 100; ms > 0; ms--) tally.settle('200', ms)
    assert.deepEqual(tally.report().okMs, { p50: 50, p99: 99 })
  })

  it('marks a run as invalid if the client ran out of ports or files', () => {
    const tally = new Tally({ durationMs: 1000 })
    tally.settle('EADDRNOTAVAIL', 1)
    assert.equal(tally.report().invalid, 'the client failed with EADDRNOTAVAIL')
  })
})

describe('measure()', () => {
  it('passes the load on, and accepts a run if the system does not report which process used the core', async () => {
    const loads = []
    const client = { run: async load => loads.push(load) && { invalid: null } }
    assert.deepEqual(await measure(client, { pid: 2 ** 30, port: 80 }, { mode: 'open' }), { invalid: null })
    assert.deepEqual(loads, [{ mode: 'open', port: 80, socketPath: undefined, transport: undefined }])
  })
})
