'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const net = require('node:net')
const { run, start } = require('../support/child.js')
const { needs } = require('../support/needs.js')

describe('the process', function () {
  this.timeout(60_000)

  it('ends by itself after it only required the package', async () => {
    const { code, signal, stderr } = await run("require('spillway')")
    assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
  })

  it('ends by itself while everything measures', async () => {
    const { code, stderr } = await run(`
      const toobusy = require('spillway')
      toobusy.onLag(() => {}, 1)
      require('spillway/express')()
      toobusy.interval(16)
    `)
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  })

  it('can be ended within a handler', async () => {
    const { code, signal, stdout } = await run(`
      const http = require('node:http')
      const server = http.createServer((req, res) => {
        console.log('handling')
        process.exit(7)
      })
      require('spillway/http').guard(server)
      server.listen(0, '127.0.0.1', () => http.get({ port: server.address().port, host: '127.0.0.1' }).on('error', () => {}))
    `)
    assert.deepEqual({ code, signal, stdout }, { code: 7, signal: null, stdout: 'handling\n' })
  })

  it('is measured separately in each thread', async () => {
    const { stdout, stderr } = await run(`
      const { Worker } = require('node:worker_threads')
      const toobusy = require('spillway')
      const worker = new Worker(\`
        const toobusy = require('spillway')
        toobusy.interval(16)
        const until = Date.now() + 300
        setImmediate(() => {
          while (Date.now() < until);
          setTimeout(() => require('node:worker_threads').parentPort.postMessage(toobusy.lag()), 0)
        })
      \`, { eval: true })
      toobusy.interval(16)
      worker.on('message', (lag) => console.log(lag > 150, toobusy.lag() < lag))
    `)
    assert.deepEqual({ stdout, stderr }, { stdout: 'true true\n', stderr: '' })
  })
})

describe('a process that was stopped for a while', function () {
  it('is not considered busy', async function () {
    needs(this, 'SIGSTOP', process.platform !== 'win32')
    const { child, hello: { port } } = await start('stopped-server.js')
    child.kill('SIGSTOP')
    const socket = net.connect(port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    await new Promise((resolve) => setTimeout(resolve, 2000)) // the length of the stop is what is tested
    child.kill('SIGCONT')
    const { stoodStillMs, waitMs, delayMs, lagMs } = JSON.parse(await bodyOf(socket))
    child.kill()
    assert.ok(stoodStillMs > 1500, 'the process was not stopped')
    for (const ms of [waitMs, delayMs, lagMs]) assert.ok(ms < stoodStillMs / 8, `${ms} of ${stoodStillMs} ms`)
  })
})

it('a process that waits for a processor is late', async function () {
  this.timeout(60_000)
  needs(this, 'time on a run queue', fs.existsSync('/proc/thread-self/schedstat'))
  const { hello: { tookMs, lagMs } } = await start('starved.js')
  assert.ok(tookMs > 1500, 'the process did get a processor')
  assert.ok(lagMs > tookMs / 2, `${lagMs} of ${tookMs} ms`)
})

/** @param {import('node:net').Socket} socket */
async function bodyOf (socket) {
  let text = ''
  for await (const chunk of socket) text += chunk
  return text.slice(text.indexOf('\r\n\r\n') + 4)
}
