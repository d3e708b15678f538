'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { once } = require('node:events')
const { connect } = require('../support/client.js')
const { limited } = require('../support/limited.js')
const { needs } = require('../support/needs.js')
const { closeOpened, opened } = require('../support/opened.js')
const { until } = require('../support/until.js')

const MB = 2 ** 20
/** How long a limit may take to be exceeded on a slow machine. */
const LONGEST_MS = 60_000

afterEach(closeOpened)

describe('a real server refuses requests', function () {
  this.timeout(60_000)

  it('while its heap is nearly full', async () => {
    const server = await limited({ maxHeapUsedRatio: 0.6 }, { execArgv: ['--max-old-space-size=256'] })
    await server.serves()
    server.ask('fillHeap', { ratio: 0.65 })
    const { load } = await server.refuses('heapUsedRatio')
    assert.ok(load.heapUsedRatio > 0.6 && load.heapUsedRatio < 1, `${load.heapUsedRatio}`)
    assert.ok(load.heapUsedBytes > 150 * MB)
  })

  it('while it uses too many bytes of heap', async () => {
    const server = await limited({ maxHeapUsedBytes: 50 * MB })
    await server.serves()
    server.ask('fillMemory', { bytes: 80 * MB })
    await server.serves() // buffers are not on the heap
    server.ask('fillHeap', { bytes: 60 * MB })
    const { load } = await server.refuses('heapUsedBytes')
    assert.ok(load.heapUsedBytes > 50 * MB)
  })

  it('while the process uses too much memory', async () => {
    const server = await limited({ maxRssBytes: 200 * MB })
    await server.serves()
    server.ask('fillMemory', { bytes: 200 * MB })
    const { load } = await server.refuses('rssBytes')
    assert.ok(load.rssBytes > 200 * MB)
  })

  it('while all four threads of its pool work, and serves them again afterwards', async () => {
    const server = await limited({ maxThreadPoolDelay: 200 }, { env: { UV_THREADPOOL_SIZE: '4' } })
    await server.serves()
    server.ask('blockPool', { threads: 3, iterations: 600_000 })
    const freed = () => server.said.filter((message) => 'pool' in message).length
    await until(() => freed() >= 3, undefined, LONGEST_MS)
    assert.equal((await server.stats()).shed, 0, 'one thread was free')
    server.ask('blockPool', { threads: 8, iterations: 1_200_000 })
    const { load } = await server.refuses('threadPoolDelay')
    assert.equal(freed(), 3, 'the server refuses requests while the probe still waits')
    assert.ok(load.threadPoolDelay > 200)
    assert.ok(load.eventLoopDelay < 200, 'the loop was free')
    await server.serves()
  })

  it('while it mostly collects garbage, and reports once that it is exhausted', async () => {
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

  it('for garbage collection only if it lasts: not for one collection of a large heap, even if that takes longer than a sample', async () => {
    const server = await limited({ maxGcRatio: 0.5, sampleInterval: 20 }, { execArgv: ['--expose-gc'] })
    server.ask('fillHeap', { bytes: 300 * MB })
    server.ask('collectOnce')
    const ratio = await until(async () => {
      await server.serves()
      const { load, shed } = await server.stats()
      assert.equal(shed, 0)
      return load.gcRatio >= 0.01 && load.gcRatio
    }, undefined, LONGEST_MS)
    assert.ok(ratio < 0.5)
  })

  it('after its loop was blocked for 200 ms, which the mean hides', async () => {
    const server = await limited({ maxEventLoopDelay: 100, sampleInterval: 1000 })
    await server.serves()
    server.ask('block', { ms: 200, times: 1 })
    const { load } = await server.refuses('eventLoopDelay')
    assert.ok(load.eventLoopDelay > 100 && load.eventLoopDelay <= load.eventLoopDelayMax)
    assert.ok(load.eventLoopDelayMean < 100, `a mean of ${load.eventLoopDelayMean} ms`)
    await server.serves()
  })

  it('while its loop never sleeps', async () => {
    const server = await limited({ maxEventLoopUtilization: 0.9, sampleInterval: 300 })
    await server.serves()
    server.ask('block', { ms: 5, times: 300 })
    const { load } = await server.refuses('eventLoopUtilization')
    assert.ok(load.eventLoopUtilization > 0.9 && load.eventLoopUtilization <= 1)
    await server.serves()
  })

  describe('for lack of descriptors', () => {
    const FILES = 128

    before(function () {
      needs(this, 'Linux', process.platform === 'linux')
    })

    /** Node raises its soft limit to the hard one, so this sets both. */
    function underLimit () {
      const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-'))
      opened(() => fs.rmSync(dir, { recursive: true }))
      const execPath = path.join(dir, 'node')
      fs.writeFileSync(execPath, `#!/bin/sh\nulimit -n ${FILES}\nexec ${process.execPath} "$@"\n`, { mode: 0o755 })
      return { execPath }
    }

    it('when its files take nine tenths of them, by default, and serves again when the files are closed', async () => {
      const server = await limited({}, underLimit())
      await server.serves()
      server.ask('openFiles', { until: FILES - 8 })
      const { load } = await server.refuses('fdRatio')
      assert.ok(load.fdRatio > 0.9 && load.fdRatio < 1, `${load.fdRatio}`)
      server.ask('closeFiles')
      await server.says('done')
      await server.serves()
    })

    it('and survives when its files take all of them', async () => {
      const server = await limited({}, underLimit())
      await server.serves()
      server.ask('openAllFiles')
      await until(async () => (await server.stats()).load.fdRatio >= 1, undefined, LONGEST_MS)
      server.ask('closeFiles')
      await server.serves()
    })

    it('and closes the refused connections, so that connections that stay never take all of them', async () => {
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

    it('and closes connections that send nothing, so that some descriptors stay free, and counts those connections', async () => {
      const server = await limited({}, underLimit())
      const sockets = Array.from({ length: 2 * FILES }, () => net.connect(server.port, '127.0.0.1'))
      opened(() => sockets.forEach((socket) => socket.destroy()))
      await Promise.all(sockets.map((socket) => once(socket.on('error', () => {}), 'connect')))
      for (const socket of sockets) socket.resume()
      const stats = await until(async () => {
        const closed = sockets.filter(({ destroyed }) => destroyed).length
        const stats = await server.stats()
        return stats.load.fdRatio > 0.9 && closed >= FILES && closed === stats.droppedConnections && stats
      }, undefined, LONGEST_MS)
      assert.ok(stats.load.fdRatio < 0.97, `${stats.load.fdRatio}`)
      server.ask('openFiles', { until: FILES - 2 })
      await server.says('done')
      server.ask('closeFiles')
      for (const socket of sockets) socket.destroy()
      await server.serves()
    })
  })

  it("while its container's memory is nearly full", async function () {
    const group = newGroup(this)
    const server = await limited({ maxMemoryRatio: 0.8 }, { execPath: group.enter(600 * MB) })
    await server.serves()
    server.ask('fillMemory', { bytes: 510 * MB })
    const { load } = await server.refuses('memoryRatio')
    assert.ok(load.memoryRatio > 0.8 && load.memoryRatio < 1.05, `${load.memoryRatio}`)
  })

  /** Creates a control group, or skips the test if the machine does not allow that. */
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
      /** @returns {string} a Node.js executable that starts in that group */
      enter (bytes) {
        fs.writeFileSync(limit, String(bytes))
        const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-')), 'node')
        opened(() => fs.rmSync(path.dirname(file), { recursive: true }))
        fs.writeFileSync(file, `#!/bin/sh\necho $$ > ${dir}/cgroup.procs\nexec ${process.execPath} "$@"\n`, { mode: 0o755 })
        return file
      }
    }
  }

  /** A group can be removed when its last process has ended. */
  async function removeGroup (dir) {
    await until(() => {
      try {
        fs.rmdirSync(dir)
        return true
      } catch (error) {
        if (error.code !== 'EBUSY') throw error
      }
    })
  }
})
