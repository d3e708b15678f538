'use strict'

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { runExample } = require('../support/example.js')
const { needs } = require('../support/needs.js')

describe('nginx in front of three instances', () => {
  /** How 30 requests were answered in each situation. */
  let answers

  before(async function () {
    needs(this, 'nginx', spawnSync('nginx', ['-v'], { env: { PATH: `${process.env.PATH}:/usr/sbin` } }).error === undefined)
    answers = await runExample(this, 'routing/nginx.js')
  })

  const evenly = '10 x first, 10 x second, 10 x third'
  const byTheOthers = '15 x second, 15 x third'

  for (const [what, situation, expected] of [
    ['distributes requests evenly', 'GET, none overloaded', evenly],
    ['hides the 503 of a single overloaded instance from clients', 'GET, the first overloaded', byTheOthers],
    ['passes the 503 for a POST on to the client', 'POST, the first overloaded', '10 x 503, 10 x second, 10 x third'],
    ['sends a POST to another instance if it is configured with non_idempotent', 'POST /orders, the first overloaded', byTheOthers],
    ['answers 503 when all instances are overloaded', 'GET, all overloaded', '30 x 503'],
    ['answers a POST with 503 when all instances are overloaded', 'POST /orders, all overloaded', '30 x 503'],
    ['uses all instances again after the overload', 'GET, none overloaded any more', evenly]
  ]) {
    it(what, () => assert.equal(answers[situation], expected))
  }
})
