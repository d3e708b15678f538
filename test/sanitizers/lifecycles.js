'use strict'

// Creates and destroys the native objects in every possible way, only a few times each, because a memory checker is
// slow.
const assert = require('node:assert/strict')
const http = require('node:http')
const https = require('node:https')
const path = require('node:path')
const { Worker } = require('node:worker_threads')

const WORKER = path.join(__dirname, '..', 'fixtures', 'worker.js')

async function main () {
  // Workers come first: as long as only workers have loaded the library, Node unloads it after each.
  for (const end of ['return', 'exit', 'throw', 'terminate']) await live(end)
  assert.equal(require('spillway').backend, 'native')
  const { everything } = require('../fixtures/everything.js')
  const close = await everything()
  await close()
  for (const end of ['terminate', 'exit']) await live(end)
  notClosed()
}

/** Creates objects that do not keep the process alive, and does not close them: the end of the environment must clean them up. */
function notClosed () {
  const { binding } = require('../../lib/native/binding.js')
  binding.createLoopDelay()()
  binding.createPoolProbe()()
  const priority = { critical: '/pay', header: 'x-priority', trust: '127.0.0.1' }
  for (const [{ createServer }, options] of [[http, { priority }], [https, {}]]) {
    const server = createServer()
    const gate = require('spillway/http').guard(server, { ...options, fairBy: 'address', maxThreadPoolDelay: 1000, maxEventLoopDelay: 1000 })
    server.listen(0, '127.0.0.1', () => {
      assert.equal(gate.snapshot().spill.why, '')
      server.unref()
    })
  }
}

/** @param {string} end */
async function live (end) {
  const worker = new Worker(WORKER, { workerData: { end } })
  worker.on('error', () => {})
  const exit = new Promise((resolve) => worker.once('exit', resolve))
  worker.once('message', () => end === 'terminate' ? worker.terminate() : worker.postMessage('end'))
  await exit
}

main()
