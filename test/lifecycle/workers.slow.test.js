'use strict'

const assert = require('node:assert/strict')
const path = require('node:path')
const { execFile } = require('node:child_process')
const { once } = require('node:events')
const { backend, binding } = require('../../lib/native/binding.js')
const { run, start } = require('../support/child.js')

/** CI uses more, and memory checkers use fewer. */
const WORKERS = Number(process.env.WORKERS ?? 30)
const ADDON = process.report.getReport().sharedObjects.find((name) => name.endsWith('spillway.node'))

/** Runs a worker in a process that has not loaded the package. @param {string} source */
const inWorker = (source) => run(`
  const { Worker } = require('node:worker_threads')
  new Worker(${JSON.stringify(source)}, { eval: true }).on('exit', (code) => console.log('ended with', code))
`)

describe('in worker threads, the package', function () {
  this.timeout(180_000)

  for (const [who, main] of [['if only workers load the addon', ''], ['if the main thread has loaded the addon too', 'main']]) {
    it(`survives ${WORKERS} workers that end in every way while everything is running, ${who}`, async () => {
      const { child, hello: { ended, leaked } } = await start('worker-churn.js', [String(WORKERS), '4', main])
      assert.deepEqual(await once(child, 'exit'), [0, null])
      assert.deepEqual(Object.values(ended), Array(5).fill(WORKERS / 5), JSON.stringify(ended))
      assert.ok(leaked <= 0, `${leaked} descriptors`)
    })
  }

  // Without the spill, nothing is handed over.
  const within = ['onRequest', 'onShed', 'onLag', ...binding.canSpill ? ['onSpill', 'onConnection'] : []]
  const deeds = { exit: { main: [7, ''], worker: [0, '7\n'] }, throw: { main: [1, ''], worker: [0, 'within NAME\n1\n'] } }
  for (const [deed, threads] of Object.entries(deeds)) {
    for (const [thread, [code, output]] of Object.entries(threads)) {
      for (const name of within) {
        // An error in a user's listener becomes a warning, and does not end the thread.
        if (deed === 'throw' && ['onShed', 'onSpill'].includes(name)) continue
        it(`lets ${name} end the ${thread} thread by ${deed}`, async () => {
          const ended = await new Promise((resolve) => {
            const fixture = path.join(__dirname, '..', 'fixtures', 'end-within.js')
            const child = execFile(process.execPath, [fixture, name, deed, thread], (error, stdout) => {
              resolve({ code: child.exitCode, signal: error?.signal ?? null, stdout })
            })
          })
          assert.deepEqual(ended, { code, signal: null, stdout: output.replace('NAME', name) })
        })
      }
    }
  }

  it('shares one state between ES modules and CommonJS in a worker, and none with the main thread', async () => {
    const { stdout, stderr } = await run(`
      import { Worker } from 'node:worker_threads'
      import { maxLag } from 'spillway'
      maxLag(111)
      const source = \`
        import('spillway').then(({ default: toobusy, maxLag, shutdown }) => {
          const required = require('spillway')
          const monitor = require('./lib/loop/monitor.js')
          console.log(required === toobusy, maxLag(), maxLag(99), required.maxLag())
          required.shutdown()
          console.log(toobusy.started(), monitor === require('./lib/loop/monitor.js'))
        })
      \`
      new Worker(source, { eval: true, execArgv: [] }).on('exit', (code) => console.log(code, maxLag()))
    `, ['--input-type=module'])
    assert.deepEqual({ stdout, stderr }, { stdout: 'true 70 99 99\nfalse true\n0 111\n', stderr: '' })
  })
})

if (backend === 'native') {
  describe('the addon, loaded more than once', function () {
    this.timeout(60_000)

    const measure = `
    const used = (binding) => {
      binding.start(16, 0.5)
      binding.createController(1e8, 0, 4e6, 0, 1, 0).enter(0, 0)
      binding.createLoopDelay()()
      binding.createPoolProbe()()
      return binding
    }
  `
    const blocked = `
    const until = Date.now() + 200
    setImmediate(() => {
      while (Date.now() < until);
      setTimeout(() => console.log(...loaded.map((binding) => binding.lag() > 20)), 0)
    })
  `
    const again = `
    const loaded = []
    for (let i = 0; i < 3; i++) {
      for (const file of Object.keys(require.cache)) delete require.cache[file]
      require('spillway')
      loaded.push(used(require('./lib/native/binding.js').binding))
    }
  `
    const dlopen = `
    const loaded = []
    for (let i = 0; i < 3; i++) {
      const module = { exports: {} }
      process.dlopen(module, ${JSON.stringify(ADDON)})
      loaded.push(used(module.exports))
    }
  `
    const inContexts = `
    const vm = require('node:vm')
    const loaded = []
    for (let i = 0; i < 3; i++) {
      const context = vm.createContext({ require, process, module: { exports: {} }, toobusy: require('spillway') })
      if (vm.runInContext('toobusy()', context) !== false) throw new Error('it is not busy')
      vm.runInContext('process.dlopen(module, ' + JSON.stringify(${JSON.stringify(ADDON)}) + ')', context)
      vm.runInContext("require('spillway/http').guard(require('http').createServer())", context)
      loaded.push(used(vm.runInContext('module.exports', context)))
    }
  `
    for (const [how, source] of Object.entries({
      'by require() with an emptied cache': again, 'by process.dlopen()': dlopen, 'from separate contexts': inContexts
    })) {
      it(`${how}, measures in each copy, in the main thread and in a worker`, async () => {
        const all = [measure, source, blocked].join('\n')
        assert.deepEqual(await run(all), { code: 0, signal: null, stdout: 'true true true\n', stderr: '' })
        assert.deepEqual(await inWorker(all), { code: 0, signal: null, stdout: 'true true true\nended with 0\n', stderr: '' })
      })
    }
  })
}
