'use strict'

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const { setTimeout } = require('node:timers/promises')
const { connect } = require('../support/client.js')
const { closeOpened, opened } = require('../support/opened.js')

const example = path.join(__dirname, '..', '..', 'examples', 'fail-fast.js')

afterEach(closeOpened)

describe('examples/fail-fast.js', function () {
  this.timeout(60_000)

  it('sheds while its heap is full, and exits with 1 when that has stood', async () => {
    const child = spawn(process.execPath, ['--max-old-space-size=256', example], {
      env: { ...process.env, PORT: '0', MAX_HEAP_USED_RATIO: '0.3', EXHAUSTED_AFTER_MS: '2000' }
    })
    opened(() => child.kill('SIGKILL'))
    const exited = once(child, 'exit')
    const said = once(child.stderr, 'data')
    const [line] = await once(child.stdout, 'data')
    const client = await connect(Number(/\d+/.exec(line)[0]))
    assert.equal((await client.send('GET /')).status, 200)
    let answer
    while ((answer = await client.send('GET /leak')).status === 200) await setTimeout(100)
    assert.equal(answer.status, 503)
    assert.match(answer.body, /heapUsedRatio is 0\.\d+, its limit 0\.3/)
    assert.match(String((await said)[0]), /^heapUsedRatio is 0\.\d\d, above 0\.3 for \d{4,} ms: giving way\n$/)
    assert.deepEqual(await exited, [1, null])
  })
})
