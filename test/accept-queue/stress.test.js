'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { fork } = require('node:child_process')
const { once } = require('node:events')
const { setTimeout: sleep } = require('node:timers/promises')
const { binding } = require('../../lib/native/binding.js')
const { run, start } = require('../support/child.js')
const { connect } = require('../support/client.js')
const { needs } = require('../support/needs.js')
const { closeOpened, opened } = require('../support/opened.js')
const { sendAtOnce, sendTextAtOnce } = require('../support/spill.js')

const SILENT = 2000
// The kernel keeps 511 that wait; what comes beyond is sent again a second later.
const WAVE = 200
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

describe('the spill under attack', function () {
  this.timeout(60_000)

  before(function () {
    needs(this, 'waits from the kernel', binding.canSpill)
  })
  afterEach(closeOpened)

  async function ask (child) {
    child.send('?')
    const [figures] = await once(child, 'message')
    return figures
  }

  async function until (child, condition) {
    for (;;) {
      const figures = await ask(child)
      if (condition(figures)) return figures
      await sleep(10)
    }
  }

  const descriptors = ({ pid }) => fs.readdirSync(`/proc/${pid}/fd`).length

  it(`serves and refuses beside ${SILENT} connections that send one byte and wait, and leaks no descriptor`, async () => {
    const { child, hello: { port } } = await start('spilling-server.js')
    opened(() => child.kill())
    const before = descriptors(child)
    const sockets = []
    while (sockets.length < SILENT) {
      const wave = sendTextAtOnce(port, Array(WAVE).fill('G'))
      sockets.push(...wave)
      await Promise.all(wave.map((socket) => socket.connecting && once(socket, 'connect')))
      assert.equal((await (await connect(port)).send('GET /health')).status, 200)
    }
    // Two of them stay in the accept queue until something else comes.
    const refused = await until(child, ({ connections, spilled }) => connections + spilled >= SILENT - 2)
    assert(refused.handedOver < refused.spilled, `${refused.handedOver} handed over`)
    const answers = await Promise.all(sendAtOnce(port, Array(200).fill('GET /')))
    assert(answers.some(({ status }) => status === 503))
    for (const socket of sockets) socket.destroy()
    const { dropped } = await until(child, ({ connections, lingeringCloses }) => connections <= 205 && lingeringCloses === 0)
    assert.equal(dropped, 0)
    assert(descriptors(child) - before < 220)
  })

  for (const [how, maxFdRatio, most] of [['all', 0, Infinity], ['all but the last', 0.9, 124]]) {
    it(`goes on when ${how} descriptors are taken, and when they come free again`, async () => {
      const script = path.join(__dirname, '..', 'fixtures', 'spilling-server.js')
      const child = fork(script, [String(maxFdRatio)], { execPath: '/bin/sh', execArgv: ['-c', `ulimit -n 128 && exec "${process.execPath}" "$0" "$1"`] })
      opened(() => child.kill())
      const [{ port }] = await once(child, 'message')
      const held = sendTextAtOnce(port, Array(400).fill('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n'))
      await Promise.all(held.map((socket) => socket.connecting && once(socket, 'connect')))
      const silent = sendTextAtOnce(port, Array(300).fill('G'))
      await sleep(500)
      const taken = descriptors(child)
      assert(taken >= 120 && taken <= most, `${taken} descriptors`)
      for (const socket of [...held, ...silent]) socket.destroy()
      await until(child, ({ connections, lingeringCloses }) => connections <= 5 && lingeringCloses === 0)
      const { spilled } = await ask(child)
      const answers = await Promise.all(sendAtOnce(port, Array(60).fill('GET /')))
      const refused = answers.filter(({ status }) => status === 503).length
      assert(answers.every(({ status }) => status === 200 || status === 503))
      assert.equal((await ask(child)).spilled, spilled + refused)
      assert.equal((await (await connect(port)).send('GET /health')).status, 200)
    })
  }

  it('refuses with a client that resets, at any moment', async () => {
    const { child, hello: { port } } = await start('spilling-server.js')
    opened(() => child.kill())
    const before = descriptors(child)
    for (let i = 0; i < 30; i++) {
      const sockets = sendTextAtOnce(port, Array(30).fill(i % 2 ? GET : GET.slice(0, 10)))
      await once(sockets[i], 'connect')
      if (i % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
      for (const socket of sockets) socket.resetAndDestroy()
    }
    assert.equal((await (await connect(port)).send('GET /health')).status, 200)
    await until(child, ({ connections, lingeringCloses }) => connections <= 5 && lingeringCloses === 0)
    // What has sent a part of a head is held for a while, as nobody sees that it is gone.
    await until(child, () => descriptors(child) - before < 10)
  })

  it('ends with a worker thread that is terminated at a random moment, holding and lingering', async () => {
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
