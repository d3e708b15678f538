'use strict'

const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const { promisify } = require('node:util')

const run = promisify(execFile)

describe('A stream helper and the event loop:', () => {
  it('memory does not grow with a source that is faster than the handler', async function () {
    this.timeout(60_000)
    const { stdout } = await run(process.execPath, ['--expose-gc', '--max-semi-space-size=4', require.resolve('../support/stream-memory.js'), '1000000'])
    const { early, late } = JSON.parse(stdout)
    assert.ok(late < early + 2e6, `the heap grew from ${early} to ${late} bytes`)
  })
})
