'use strict'

const assert = require('node:assert/strict')
const { runExample } = require('../support/example.js')

describe('the example routing/load-header.js', () => {
  let printed

  before(async function () { printed = await runExample(this, 'routing/load-header.js') })

  /** @returns {[status: string, load: any]} */
  function answer (situation) {
    const [, status, load] = printed[situation].match(/^(\d+) JSON (.*)$/)
    return [status, JSON.parse(load)]
  }

  it('sends the wait of a new request as a share of maxDelay: above 1 if that is too long', () => {
    const [idleStatus, idle] = answer('idle')
    const [behindStatus, behind] = answer('behind a long call')
    assert.deepEqual([idleStatus, behindStatus], ['200', '200'])
    assert.ok(idle.application_utilization < behind.application_utilization / 2, JSON.stringify({ idle, behind }))
    assert.ok(behind.application_utilization > 1, JSON.stringify(behind))
    assert.deepEqual(Object.keys(behind.named_metrics), ['delay_ms', 'lag_ms'])
  })

  it('sends its load with a 503, too', () => {
    const [status, load] = answer('refused')
    assert.equal(status, '503')
    assert.equal(typeof load.application_utilization, 'number')
  })
})
