'use strict'

const assert = require('node:assert/strict')
const { run } = require('../support/child.js')

describe('the process', function () {
  this.timeout(60_000)

  it('ends by itself if it only requires the package', async () => {
    const { code, signal, stderr } = await run("require('spillway')")
    assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
  })

  it('ends by itself while everything is being measured', async () => {
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
