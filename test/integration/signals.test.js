'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { once } = require('node:events')
const { setTimeout } = require('node:timers/promises')
const { connect } = require('../support/client.js')
const { limited } = require('../support/limited.js')
const { needs } = require('../support/needs.js')
const { closeOpened, opened } = require('../support/opened.js')

const MB = 2 ** 20

afterEach(closeOpened)

describe('a limit that is made true', function () {
  this.timeout(60_000)

  it('a heap that fills up', async () => {
    const server = await limited({ maxHeapUsedRatio: 0.6 }, { execArgv: ['--max-old-space-size=256'] })
    await server.serves()
    server.ask('fillHeap', { ratio: 0.65 })
    const { load } = await server.refuses('heapUsedRatio')
    assert.ok(load.heapUsedRatio > 0.6 && load.heapUsedRatio < 1, `${load.heapUsedRatio}`)
    assert.ok(load.heapUsedBytes > 150 * MB)
  })

  it('a heap of so many bytes', async () => {
    const server = await limited({ maxHeapUsedBytes: 50 * MB })
    await server.serves()
    server.ask('fillMemory', { bytes: 80 * MB })
    await server.serves() // buffers are not in it
    server.ask('fillHeap', { bytes: 60 * MB })
    const { load } = await server.refuses('heapUsedBytes')
    assert.ok(load.heapUsedBytes > 50 * MB)
  })

  it('memory of the process', async () => {
    const server = await limited({ maxRssBytes: 200 * MB })
    await server.serves()
    server.ask('fillMemory', { bytes: 200 * MB })
    const { load } = await server.refuses('rssBytes')
    assert.ok(load.rssBytes > 200 * MB)
  })

  it('a thread pool of which all four threads work, and the end of that', async () => {
    const server = await limited({ maxThreadPoolDelay: 200 }, { env: { UV_THREADPOOL_SIZE: '4' } })
    await server.serves()
    server.ask('blockPool', { threads: 3, iterations: 600_000 })
    const freed = () => server.said.filter((message) => 'pool' in message).length
    while (freed() < 3) await setTimeout(10)
    assert.equal((await server.stats()).shed, 0, 'a thread was free')
    server.ask('blockPool', { threads: 8, iterations: 1_200_000 })
    const { load } = await server.refuses('threadPoolDelay')
    assert.equal(freed(), 3, 'known while it still waits')
    assert.ok(load.threadPoolDelay > 200)
    assert.ok(load.eventLoopDelay < 200, 'the loop was not held up')
    await server.serves()
  })

  it('collecting garbage most of the time: it is told, once, that this will not end', async () => {
    const server = await limited({ maxGcRatio: 0.5, exhaustedAfter: 1000 }, { execArgv: ['--expose-gc', '--max-old-space-size=512'] })
    await server.serves()
    server.ask('collect', { live: 300_000 })
    const { load } = await server.refuses('gcRatio')
    assert.ok(load.gcRatio > 0.5 && load.gcRatio <= 1)
    const { reason, value, limit, forMs } = await server.says('exhausted')
    assert.deepEqual({ reason, limit }, { reason: 'gcRatio', limit: 0.5 })
    assert.ok(value > 0.5 && forMs >= 1000)
    server.ask('rest')
    await server.serves()
    assert.equal(server.said.filter((message) => 'exhausted' in message).length, 1)
  })

  it('not one collection of a large heap, though it takes longer than a sample', async () => {
    const server = await limited({ maxGcRatio: 0.5, sampleInterval: 20 }, { execArgv: ['--expose-gc'] })
    server.ask('fillHeap', { bytes: 300 * MB })
    server.ask('collectOnce')
    let ratio = 0
    while (ratio < 0.01) {
      await server.serves()
      const { load, shed } = await server.stats()
      assert.equal(shed, 0)
      ratio = load.gcRatio
    }
    assert.ok(ratio < 0.5)
  })

  it('a loop that is held up for 200 ms, which a mean hides', async () => {
    const server = await limited({ maxEventLoopDelay: 100, sampleInterval: 1000 })
    await server.serves()
    server.ask('block', { ms: 200, times: 1 })
    const { load } = await server.refuses('eventLoopDelay')
    assert.ok(load.eventLoopDelay > 100 && load.eventLoopDelay <= load.eventLoopDelayMax)
    assert.ok(load.eventLoopDelayMean < 100, `a mean of ${load.eventLoopDelayMean} ms`)
    await server.serves()
  })

  it('a loop that never sleeps', async () => {
    const server = await limited({ maxEventLoopUtilization: 0.9, sampleInterval: 300 })
    await server.serves()
    server.ask('block', { ms: 5, times: 300 })
    const { load } = await server.refuses('eventLoopUtilization')
    assert.ok(load.eventLoopUtilization > 0.9 && load.eventLoopUtilization <= 1)
    await server.serves()
  })

  describe('descriptors', () => {
    const FILES = 128

    before(function () {
      needs(this, 'Linux', process.platform === 'linux')
    })

    /** Node takes all that it may have, so both limits are set. */
    function underLimit () {
      const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-'))
      opened(() => fs.rmSync(dir, { recursive: true }))
      const execPath = path.join(dir, 'node')
      fs.writeFileSync(execPath, `#!/bin/sh\nulimit -n ${FILES}\nexec ${process.execPath} "$@"\n`, { mode: 0o755 })
      return { execPath }
    }

    it('files that the process opens, refused at nine tenths by default, and the end of that', async () => {
      const server = await limited({}, underLimit())
      await server.serves()
      server.ask('openFiles', { until: FILES - 8 })
      const { load } = await server.refuses('fdRatio')
      assert.ok(load.fdRatio > 0.9 && load.fdRatio < 1, `${load.fdRatio}`)
      server.ask('closeFiles')
      await server.says('done')
      await server.serves()
    })

    it('all that there are: the process, and its sampling, outlive that', async () => {
      const server = await limited({}, underLimit())
      await server.serves()
      server.ask('openAllFiles')
      while ((await server.stats()).load.fdRatio < 1) await setTimeout(10)
      server.ask('closeFiles')
      await server.serves()
    })

    it('connections that stay: those refused are closed, so that the process never runs out', async () => {
      const server = await limited({ sampleInterval: 1000 }, underLimit())
      const clients = []
      for (let refused = 0; refused < 3;) {
        const client = await connect(server.port)
        const { status, headers } = await client.send('GET /')
        if (status === 200) {
          clients.push(client)
        } else {
          assert.equal(headers.connection, 'close')
          await client.closed
          refused++
        }
      }
      assert.ok(clients.length > FILES / 2 && clients.length < FILES, `${clients.length}`)
      const { load, shedBy } = await server.stats()
      assert.equal(shedBy.fdRatio, 3)
      assert.ok(load.fdRatio > 0.9 && load.fdRatio < 1, `${load.fdRatio}`)
      for (const client of clients.splice(0, 40)) client.destroy()
      await server.serves()
    })

    it('connections that say nothing: some descriptors are left, and what was closed is counted', async () => {
      const server = await limited({}, underLimit())
      const sockets = Array.from({ length: 2 * FILES }, () => net.connect(server.port, '127.0.0.1'))
      opened(() => sockets.forEach((socket) => socket.destroy()))
      await Promise.all(sockets.map((socket) => once(socket.on('error', () => {}), 'connect')))
      for (const socket of sockets) socket.resume()
      let closed, stats
      do {
        await setTimeout(20)
        closed = sockets.filter(({ destroyed }) => destroyed).length
        stats = await server.stats()
      } while (stats.load.fdRatio <= 0.9 || closed < FILES || closed !== stats.droppedConnections)
      assert.ok(stats.load.fdRatio < 0.97, `${stats.load.fdRatio}`)
      server.ask('openFiles', { until: FILES - 2 })
      await server.says('done')
      server.ask('closeFiles')
      for (const socket of sockets) socket.destroy()
      await server.serves()
    })
  })

  it('memory of a container', async function () {
    const group = newGroup(this)
    const server = await limited({ maxMemoryRatio: 0.8 }, { execPath: group.enter(600 * MB) })
    await server.serves()
    server.ask('fillMemory', { bytes: 510 * MB })
    const { load } = await server.refuses('memoryRatio')
    assert.ok(load.memoryRatio > 0.8 && load.memoryRatio < 1.05, `${load.memoryRatio}`)
  })

  /** A control group of its own, where this machine lets one be made; else the test is skipped. */
  function newGroup (test) {
    const v2 = fs.existsSync('/sys/fs/cgroup/cgroup.controllers')
    const dir = path.join('/sys/fs/cgroup', v2 ? '' : 'memory', `spillway-${process.pid}`)
    const limit = path.join(dir, v2 ? 'memory.max' : 'memory.limit_in_bytes')
    try {
      fs.mkdirSync(dir)
      opened(() => removeGroup(dir))
    } catch (error) {
      console.log(`      ${error.message}`)
    }
    needs(test, 'a control group of its own', fs.existsSync(limit))
    return {
      /** @returns {string} a node that begins in that group */
      enter (bytes) {
        fs.writeFileSync(limit, String(bytes))
        const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-')), 'node')
        opened(() => fs.rmSync(path.dirname(file), { recursive: true }))
        fs.writeFileSync(file, `#!/bin/sh\necho $$ > ${dir}/cgroup.procs\nexec ${process.execPath} "$@"\n`, { mode: 0o755 })
        return file
      }
    }
  }

  /** It can be removed when its last process is gone. */
  async function removeGroup (dir) {
    for (;;) {
      try {
        return fs.rmdirSync(dir)
      } catch (error) {
        if (error.code !== 'EBUSY') throw error
        await setTimeout(10)
      }
    }
  }
})
