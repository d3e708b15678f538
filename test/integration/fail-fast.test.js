'use strict'

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const { setTimeout } = require('node:timers/promises')
const { connect } = require('../support/client.js')
const { closeOpened, opened } = require('../support/opened.js')
const { until } = require('../support/until.js')

const LONGEST_MS = 50_000

const example = path.join(__dirname, '..', '..', 'examples', 'fail-fast.js')

afterEach(closeOpened)

describe('examples/fail-fast.js', function () {
  this.timeout(60_000)

  it('sheds while its heap is full, and exits with 1 when that lasts', async () => {
    const child = spawn(process.execPath, ['--max-old-space-size=256', example], {
      env: { ...process.env, PORT: '0', MAX_HEAP_USED_RATIO: '0.3', EXHAUSTED_AFTER_MS: '2000' }
    })
    opened(() => child.kill('SIGKILL'))
    const exited = once(child, 'exit')
    const said = once(child.stderr, 'data')
    const [line] = await once(child.stdout, 'data')
    const client = await connect(Number(/\d+/.exec(line)[0]))
    assert.equal((await client.send('GET /')).status, 200)
    const answer = await until(async () => {
      await setTimeout(100) // otherwise the heap is full before a sample is taken
      const answer = await client.send('GET /leak')
      return answer.status !== 200 && answer
    }, undefined, LONGEST_MS)
    assert.equal(answer.status, 503)
    assert.match(answer.body, /heapUsedRatio is 0\.\d+, above the limit of 0\.3/)
    assert.match(String((await said)[0]), /^heapUsedRatio is 0\.\d\d, above 0\.3 for \d{4,} ms: shutting down\n$/)
    assert.deepEqual(await exited, [1, null])
  })
})
