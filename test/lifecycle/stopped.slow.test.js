'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const net = require('node:net')
const { start } = require('../support/child.js')
const { needs } = require('../support/needs.js')
const { binding } = require('../../lib/native/binding.js')

describe('a process that was stopped for a while', function () {
  it('is not considered busy', async function () {
    needs(this, 'SIGSTOP', process.platform !== 'win32')
    const { child, hello: { port } } = await start('stopped-server.js')
    child.kill('SIGSTOP')
    const socket = net.connect(port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    await new Promise((resolve) => setTimeout(resolve, 2000)) // the test is about a stop of this length
    child.kill('SIGCONT')
    const { stoodStillMs, waitMs, delayMs, lagMs } = JSON.parse(await bodyOf(socket))
    child.kill()
    assert.ok(stoodStillMs > 1500, 'the process was not stopped')
    for (const ms of [waitMs, delayMs, lagMs]) assert.ok(ms < stoodStillMs / 8, `${ms} of ${stoodStillMs} ms`)
  })
})

it('a process that waits for a processor is considered late', async function () {
  this.timeout(60_000)
  needs(this, 'time on a run queue', fs.existsSync('/proc/thread-self/schedstat'))
  const { hello: { tookMs, lagMs } } = await start('starved.js')
  assert.ok(tookMs > 1500, 'the process did get a processor')
  assert.ok(lagMs > tookMs / 2, `${lagMs} of ${tookMs} ms`)
})

it('a process that has to share its processor for a while allows longer waits meanwhile', async function () {
  this.timeout(60_000)
  needs(this, 'waits from the kernel', binding.kernelWaits)
  const { hello: { aloneMs, sharedMs } } = await start('shared-processor.js')
  assert.ok(sharedMs > aloneMs + 200, `${aloneMs}, ${sharedMs} ms`)
})

/** @param {import('node:net').Socket} socket */
async function bodyOf (socket) {
  let text = ''
  for await (const chunk of socket) text += chunk
  return text.slice(text.indexOf('\r\n\r\n') + 4)
}
