'use strict'

const assert = require('node:assert/strict')
const { runExample } = require('../support/example.js')

describe('example: readiness and liveness apart', () => {
  let printed

  before(async function () { printed = await runExample(this, 'routing/readiness.js') })

  for (const [what, situation, expected] of [
    ['all is well', 'idle', '/ 200, /live 200, /ready 200'],
    ['an overload alone makes nothing but the 503s', 'overloaded', '/ 503, /live 200, /ready 200'],
    ['one that stands makes it not ready, and leaves it alive', 'overloaded, for seconds', '/ 503, /live 200, /ready 503'],
    ['its end does not make it ready at once', 'calm', '/ 200, /live 200, /ready 503'],
    ['seconds without it do', 'calm, for seconds', '/ 200, /live 200, /ready 200']
  ]) {
    it(what, () => assert.equal(printed[situation], expected))
  }
})
