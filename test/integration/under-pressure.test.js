'use strict'

const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const path = require('node:path')

const tests = path.join(path.dirname(require.resolve('@fastify/under-pressure')), 'test')
const shim = require.resolve('../support/under-pressure.js')

/** The number of tests in each file, which shows if one is missing. */
const FILES = {
  'exports.test.js': { pass: 1, skipped: 0 },
  'index.test.js': { pass: 15, skipped: 1 },
  'pressurehandler.test.js': { pass: 14, skipped: 2 },
  'statusRoute.test.js': { pass: 8, skipped: 0 },
  'eventLoopUtilization.test.js': { pass: 0, skipped: 1 },
  'issues/216.test.js': { pass: 1, skipped: 0 }
}

describe('spillway/fastify, tested with the suite of @fastify/under-pressure', function () {
  this.timeout(60_000)

  for (const [file, expected] of Object.entries(FILES)) {
    it(`passes ${expected.pass} tests of ${file}, and ${expected.skipped} are skipped`, async () => {
      const output = await run(file)
      const counted = (word) => Number(output.match(new RegExp(`^# ${word} (\\d+)$`, 'm'))?.[1])
      assert.deepEqual({ pass: counted('pass'), fail: counted('fail'), skipped: counted('skipped') }, { fail: 0, ...expected }, output)
    })
  }
})

/** @param {string} file */
function run (file) {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--require', shim, '--test-reporter=tap', path.join(tests, file)],
      (error, stdout, stderr) => resolve(`${stdout}${stderr}${error ?? ''}`))
  })
}
