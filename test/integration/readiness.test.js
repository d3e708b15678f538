'use strict'

const assert = require('node:assert/strict')
const { runExample } = require('../support/example.js')

describe('the example routing/readiness.js', () => {
  let printed

  before(async function () { printed = await runExample(this, 'routing/readiness.js') })

  for (const [what, situation, expected] of [
    ['is ready and live at first', 'idle', '/ 200, /live 200, /ready 200'],
    ['stays ready and live when an overload begins', 'overloaded', '/ 503, /live 200, /ready 200'],
    ['is live but not ready after seconds of overload', 'overloaded, for seconds', '/ 503, /live 200, /ready 503'],
    ['is not ready at once when the overload ends', 'calm', '/ 200, /live 200, /ready 503'],
    ['is ready again after calm seconds', 'calm, for seconds', '/ 200, /live 200, /ready 200']
  ]) {
    it(what, () => assert.equal(printed[situation], expected))
  }
})
