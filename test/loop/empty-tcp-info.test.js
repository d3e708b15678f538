'use strict'

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { binding } = require('../../lib/native/binding.js')
const { start } = require('../support/child.js')
const { needs } = require('../support/needs.js')

const SOURCE = path.join(__dirname, '..', 'fixtures', 'empty-tcp-info.c')

describe('on a system that fills TCP_INFO with zeros,', function () {
  let folder

  before(function () {
    needs(this, 'waits from the kernel', binding.kernelWaits)
    needs(this, 'a C compiler', spawnSync('cc', ['--version']).status === 0)
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-'))
  })

  after(() => {
    if (folder !== undefined) fs.rmSync(folder, { recursive: true })
  })

  for (const [what, flags] of [['all figures are', []], ['the figures of listening sockets are', ['-DQUEUES_ALONE']]]) {
    it(`the waits come from the event loop if ${what} zeros`, async () => {
      const library = path.join(folder, `empty-tcp-info${flags.length}.so`)
      const compiled = spawnSync('cc', ['-shared', '-fPIC', ...flags, '-o', library, SOURCE, '-ldl'], { encoding: 'utf8' })
      assert.equal(compiled.status, 0, compiled.stderr)
      // A sanitizer's library has to be preloaded first.
      const preload = [process.env.LD_PRELOAD ?? [], library].flat().join(':')
      const { hello } = await start('empty-tcp-info.js', [], { LD_PRELOAD: preload })
      assert.equal(hello.kernelWaits, false)
      assert.equal(hello.source, 'loop')
      assert.equal(hello.tickMs, 0)
      assert.ok(hello.wait < 0)
      assert.equal(hello.canSpill, false)
      assert.equal(hello.spill.active, false)
      assert.equal(hello.spill.why, 'this system does not report which connections wait to be accepted')
      assert.equal(hello.status, 503)
      assert.equal(hello.info.source, 'loop')
    })
  }

  it('the zeros matter: without them, the same server gets its waits from the kernel', async () => {
    const { hello } = await start('empty-tcp-info.js')
    assert.equal(hello.kernelWaits, true)
    assert.equal(hello.source, 'kernel')
    assert.ok(hello.tickMs > 0)
    assert.ok(hello.wait >= 0)
    assert.equal(hello.canSpill, true)
    assert.equal(hello.spill.why, '')
    assert.equal(hello.info.source, 'kernel')
  })
})
