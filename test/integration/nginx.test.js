'use strict'

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { runExample } = require('../support/example.js')
const { needs } = require('../support/needs.js')

describe('example: nginx in front of three instances', () => {
  /** How 30 requests were answered, in each situation. */
  let answers

  before(async function () {
    needs(this, 'nginx', spawnSync('nginx', ['-v'], { env: { PATH: `${process.env.PATH}:/usr/sbin` } }).error === undefined)
    answers = await runExample(this, 'routing/nginx.js')
  })

  const evenly = '10 x first, 10 x second, 10 x third'
  const byTheOthers = '15 x second, 15 x third'

  for (const [what, situation, expected] of [
    ['shares requests out evenly', 'GET, none overloaded', evenly],
    ['lets no client see a 503 of the one instance that is overloaded', 'GET, the first overloaded', byTheOthers],
    ['passes on the 503 to a POST', 'POST, the first overloaded', '10 x 503, 10 x second, 10 x third'],
    ['asks another instance for a POST where it is told non_idempotent', 'POST /orders, the first overloaded', byTheOthers],
    ['answers 503 when all instances are overloaded', 'GET, all overloaded', '30 x 503'],
    ['does so for a POST too', 'POST /orders, all overloaded', '30 x 503'],
    ['has ejected no instance for that', 'GET, none any more', evenly]
  ]) {
    it(what, () => assert.equal(answers[situation], expected))
  }
})
