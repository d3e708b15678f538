'use strict'

// Every way in which the native parts begin and end, few times each: a memory checker is slow.
const assert = require('node:assert/strict')
const { once } = require('node:events')
const http = require('node:http')
const path = require('node:path')
const { Worker } = require('node:worker_threads')

const WORKER = path.join(__dirname, '..', 'fixtures', 'worker.js')

async function main () {
  // Workers first, as long as they alone have loaded the library: Node unloads it after each.
  for (const end of ['return', 'exit', 'throw', 'terminate']) await live(end)
  assert.equal(require('spillway').backend, 'native')
  await serve()
  for (const end of ['terminate', 'exit']) await live(end)
  require('spillway').shutdown()
}

/** @param {string} end */
async function live (end) {
  const worker = new Worker(WORKER, { workerData: { end } })
  worker.on('error', () => {})
  const exit = new Promise((resolve) => worker.once('exit', resolve))
  worker.once('message', () => end === 'terminate' ? worker.terminate() : worker.postMessage('end'))
  await exit
}

async function serve () {
  const { guard } = require('spillway/http')
  const server = http.createServer((req, res) => res.end('ok'))
  const gate = guard(server, { maxInFlight: 1 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  for (let i = 0; i < 5; i++) {
    const [res] = await once(http.get({ port, host: '127.0.0.1' }), 'response')
    await once(res.resume(), 'end')
  }
  gate.snapshot()
  gate.close()
  server.close()
  server.closeAllConnections()
}

main()
