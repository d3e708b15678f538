'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')

const { once } = require('node:events')
const { setTimeout: sleep } = require('node:timers/promises')
const { binding } = require('../../lib/native/binding.js')
const { nextTurn } = require('../support/block.js')
const { ask, run, start } = require('../support/child.js')
const { connect } = require('../support/client.js')
const { needs } = require('../support/needs.js')
const { closeOpened, opened } = require('../support/opened.js')
const { sendAtOnce, sendTextAtOnce } = require('../support/spill.js')
const { until } = require('../support/until.js')

const SILENT = 2000
// The kernel keeps 511 waiting connections; the others try again a second later.
const WAVE = 200
const LONGEST_MS = 50_000
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

describe('under attack, the spill', function () {
  this.timeout(60_000)

  before(function () {
    needs(this, 'waits from the kernel', binding.canSpill)
  })
  afterEach(closeOpened)

  /** Waits until a condition holds for the server's figures, and returns them. */
  const untilFigures = (child, condition) => until(async () => {
    const figures = await ask(child)
    return condition(figures) && figures
  }, () => String(condition), LONGEST_MS)

  const descriptors = ({ pid }) => fs.readdirSync(`/proc/${pid}/fd`).length

  it(`keeps serving and refusing requests beside ${SILENT} connections that send one byte and wait, and leaks no descriptor`, async () => {
    const { child, hello: { port } } = await start('spilling-server.js')
    opened(() => child.kill())
    const before = descriptors(child)
    const sockets = []
    let refused
    while (sockets.length < SILENT) {
      const wave = sendTextAtOnce(port, Array(WAVE).fill('G'))
      sockets.push(...wave)
      await Promise.all(wave.map((socket) => socket.connecting && once(socket, 'connect')))
      assert.equal((await (await connect(port)).send('GET /health')).status, 200)
      // The spill holds at most 256 at once, so waves must not overlap. Two connections stay in the accept queue until
      // another comes.
      refused = await untilFigures(child, ({ connections, spilled }) => connections + spilled >= sockets.length - 2)
    }
    assert(refused.handedOver < refused.spilled, `${refused.handedOver} handed over`)
    const answers = await Promise.all(sendAtOnce(port, Array(200).fill('GET /')))
    assert(answers.some(({ status }) => status === 503))
    for (const socket of sockets) socket.destroy()
    const { dropped } = await untilFigures(child, ({ connections, lingeringCloses }) => connections <= 205 && lingeringCloses === 0)
    assert.equal(dropped, 0)
    assert(descriptors(child) - before < 220)
  })

  for (const [how, maxFdRatio, most] of [['all', 0, Infinity], ['all but the last few', 0.9, 124]]) {
    it(`keeps working when ${how} descriptors are in use, and when they are free again`, async () => {
      const limited = { execPath: '/bin/sh', execArgv: ['-c', `ulimit -n 128 && exec "${process.execPath}" "$0" "$1"`] }
      const { child, hello: { port } } = await start('spilling-server.js', [String(maxFdRatio)], {}, limited)
      opened(() => child.kill())
      const held = sendTextAtOnce(port, Array(400).fill('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n'))
      await Promise.all(held.map((socket) => socket.connecting && once(socket, 'connect')))
      const silent = sendTextAtOnce(port, Array(300).fill('G'))
      await until(() => descriptors(child) >= 120, () => `${descriptors(child)} descriptors`, LONGEST_MS)
      await sleep(500)
      const taken = descriptors(child)
      assert(taken <= most, `${taken} descriptors`)
      for (const socket of [...held, ...silent]) socket.destroy()
      await untilFigures(child, ({ connections, lingeringCloses }) => connections <= 5 && lingeringCloses === 0)
      const { spilled } = await ask(child)
      const answers = await Promise.all(sendAtOnce(port, Array(60).fill('GET /')))
      const refused = answers.filter(({ status }) => status === 503).length
      assert(answers.every(({ status }) => status === 200 || status === 503))
      assert.equal((await ask(child)).spilled, spilled + refused)
      assert.equal((await (await connect(port)).send('GET /health')).status, 200)
    })
  }

  it('survives clients that reset their connections at any moment', async () => {
    const { child, hello: { port } } = await start('spilling-server.js')
    opened(() => child.kill())
    const before = descriptors(child)
    for (let i = 0; i < 30; i++) {
      const sockets = sendTextAtOnce(port, Array(30).fill(i % 2 ? GET : GET.slice(0, 10)))
      await once(sockets[i], 'connect')
      if (i % 3 === 0) await nextTurn()
      for (const socket of sockets) socket.resetAndDestroy()
    }
    assert.equal((await (await connect(port)).send('GET /health')).status, 200)
    await untilFigures(child, ({ connections, lingeringCloses }) => connections <= 5 && lingeringCloses === 0)
    // A connection with a part of a head is held for a while, because nothing notices that it has ended.
    await untilFigures(child, () => descriptors(child) - before < 10)
  })

  it('survives the termination of its worker thread at a random moment, with connections that are held or in a lingering close', async () => {
    const { code, signal, stdout, stderr } = await run(`
      const { Worker } = require('node:worker_threads')
      const { once } = require('node:events')
      const fs = require('node:fs')
      const descriptors = () => fs.readdirSync('/proc/self/fd').length
      const source = \`
        const { dontParse, sendTextAtOnce, spillingSite } = require('./test/support/spill.js')
        spillingSite({ exempt: '/health' }, { onSpill () {} }).then(({ port, server }) => {
          dontParse(server)
          const request = (line) => line + ' HTTP/1.1\\\\r\\\\nHost: a\\\\r\\\\nContent-Length: 5\\\\r\\\\n\\\\r\\\\n'
          setInterval(() => sendTextAtOnce(port, ['', 'G', request('GET /health'), request('POST /'), ...Array(20).fill(request('PUT /'))]), 25)
          require('node:worker_threads').parentPort.postMessage('up')
        })
      \`
      async function churn () {
        for (let i = 0; i < 8; i++) {
          const worker = new Worker(source, { eval: true })
          await once(worker, 'message')
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 150))
          await worker.terminate()
        }
      }
      const before = descriptors()
      Promise.all([churn(), churn(), churn()]).then(() => console.log(descriptors() - before < 20))
    `)
    assert.deepEqual({ code, signal, stdout, stderr }, { code: 0, signal: null, stdout: 'true\n', stderr: '' })
  })
})
