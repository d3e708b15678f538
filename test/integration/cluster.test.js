'use strict'

const assert = require('node:assert/strict')
const { runExample } = require('../support/example.js')
const { needs } = require('../support/needs.js')
const { binding } = require('../../lib/native/binding.js')

describe('the example routing/cluster.js', () => {
  let printed

  before(async function () {
    needs(this, 'waits from the kernel', binding.kernelWaits)
    printed = await runExample(this, 'routing/cluster.js')
  })

  it('gives connections to all workers', () => {
    for (const name of ['first', 'second', 'third']) assert.match(printed['at first'], new RegExp(`\\d+ x ${name}`))
  })

  it('gives none to a worker with a queue that its lag hardly shows', () => {
    assert.doesNotMatch(printed['the first has a queue'], /first|undefined/)
    const [delayMs, lagMs] = printed['its delay and lag'].match(/\d+/g).map(Number)
    assert.ok(lagMs < delayMs / 2, `lag ${lagMs} ms, delay ${delayMs} ms`)
  })

  it('gives none to a worker that is stopped and does not report', () => {
    assert.doesNotMatch(printed['the first is stopped'], /first|undefined/)
  })

  for (const situation of ['when its queue is gone', 'when it continues']) {
    it(`gives connections to a worker again ${situation}`, () => {
      assert.equal(printed[situation], 'the first answers again')
    })
  }
})
