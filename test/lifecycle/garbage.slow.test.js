'use strict'

const assert = require('node:assert/strict')
const { backend } = require('../../lib/native/binding.js')
const { run } = require('../support/child.js')

const MB = 2 ** 20
// Memory that may remain by chance: pages that the allocator keeps.
const SLACK = 6 * MB

/**
 * Code that creates and drops one object with a native side, and a number of such objects that would take far more memory
 * than the slack. The objects must be collected.
 */
const makers = {
  'a controller': ['binding.createController(1e8, 0, 4e6, 0, 1, 0)', 600],
  "a stream's limit": ['binding.createConcurrency()', 20_000],
  "a loop's delay": ['binding.createLoopDelay()', 5000],
  'a probe of the thread pool': ['(() => { const probe = binding.createPoolProbe(); probe(); return probe })()', 2000]
}
/** The same for Node.js servers that something else might keep alive. */
const servers = {
  'that gets its connections from another one and never listens': `await new Promise((resolve) => {
    const server = http.createServer((req, res) => res.end('ok'))
    registry.register(server)
    const feeder = net.createServer((socket) => server.emit('connection', socket))
    feeder.listen(0, '127.0.0.1', async () => {
      const { port } = feeder.address()
      http.get({ port, agent: false }, (res) => res.resume().once('close', () => feeder.close(resolve)))
    })
  })`,
  'that has closed and had middleware with the spill': `await new Promise((resolve) => {
    const server = http.createServer((req, res) => middleware(req, res, () => res.end('ok')))
    registry.register(server)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      http.get({ port, agent: false }, (res) => res.resume().once('close', () => server.close(resolve)))
    })
  })`
}
const SERVERS = 100

const closers = {
  'a gate': ['new Gate(settings).close()', 300],
  'a guard on a server': ['guard(http.createServer(), { maxThreadPoolDelay: 1000, maxEventLoopDelay: 1000 }).close()', 600],
  'a spill on a listening server': [`await new Promise((resolve) => {
    const server = http.createServer()
    const gate = guard(server)
    server.listen(0, '127.0.0.1', () => {
      if (binding.canSpill && !gate.snapshot().spill.active) throw new Error('it does not spill')
      if (i % 2) gate.close()
      server.close(() => { gate.close(); resolve() })
    })
  })`, 300],
  "an 'auto' stream": ["await forEachConcurrent([1, 2, 3], async () => {}, { concurrency: binding.createConcurrency ? 'auto' : 2 })", 3000],
  'measuring that is switched on and off': ['toobusy.shutdown(); toobusy.interval(16)', 18000]
}

const source = (deed, count) => `
  const fs = require('node:fs')
  const http = require('node:http')
  const net = require('node:net')
  const toobusy = require('spillway')
  const { guard } = require('spillway/http')
  const { forEachConcurrent } = require('spillway/stream')
  const { binding } = require('./lib/native/binding.js')
  const { Gate } = require('./lib/gate/gate.js')
  const { gateOptions } = require('./lib/gate/options.js')
  const { readOptions } = require('./lib/options/read.js')
  const settings = readOptions('test', gateOptions, {})
  const middleware = require('spillway/express')({ spill: binding.canSpill || undefined })
  const BATCH = ${count / 10}
  let collected = 0
  const registry = new FinalizationRegistry(() => collected++)
  const { nextTurn } = require('./test/support/block.js')
  const descriptors = () => fs.existsSync('/proc/self/fd') ? fs.readdirSync('/proc/self/fd').length : 0
  async function settle () {
    for (let i = 0; i < 5; i++) {
      globalThis.gc()
      await nextTurn()
    }
  }
  async function many (count) {
    for (let i = 0; i < count; i++) {
      ${deed}
      if (i % BATCH === 0) await settle()
    }
    await settle()
  }
  async function main () {
    await many(2 * ${count})
    const before = { rss: process.memoryUsage().rss, descriptors: descriptors(), collected }
    await many(${count})
    console.log(JSON.stringify({
      grown: process.memoryUsage().rss - before.rss, opened: descriptors() - before.descriptors, collected: collected - before.collected
    }))
    toobusy.shutdown()
    middleware.close()
  }
  main()
`

describe('after it is dropped or closed,', function () {
  this.timeout(60_000)

  /** @returns {Promise<any>} */
  async function figures (deed, count) {
    const { code, stdout, stderr } = await run(source(deed, count), ['--expose-gc', '--no-warnings'])
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    return JSON.parse(stdout)
  }

  for (const [name, [expression, count]] of Object.entries(backend === 'native' ? makers : {})) {
    it(`${name} is collected together with its native side`, async () => {
      const { grown, opened, collected } = await figures(`registry.register(${expression})`, count)
      assert.ok(collected >= count * 0.99, `${collected} of ${count}`)
      assert.ok(opened <= 0, `${opened} descriptors`)
      assert.ok(grown < SLACK, `${grown} bytes`)
    })
  }

  for (const [name, statement] of Object.entries(servers)) {
    it(`a server ${name} is collected`, async () => {
      const { collected } = await figures(statement, SERVERS)
      assert.ok(collected >= SERVERS * 0.95, `${collected} of ${SERVERS}`)
    })
  }

  for (const [name, [statement, count]] of Object.entries(closers)) {
    it(`${name} leaves nothing behind`, async () => {
      const { grown, opened } = await figures(statement, count)
      assert.ok(opened <= 0, `${opened} descriptors`)
      assert.ok(grown < SLACK, `${grown} bytes`)
    })
  }
})
