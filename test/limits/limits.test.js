'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { setTimeout } = require('node:timers/promises')
const fastify = require('fastify')
const { binding } = require('../../lib/native/binding.js')
const spillwayFastify = require('../../lib/adapters/fastify/index.js')
const { containerMemory } = require('../../lib/limits/signals/container-memory.js')
const fdWatch = require('../../lib/limits/fd-watch.js')
const { Exhaustion } = require('../../lib/limits/exhaustion.js')
const { Limits } = require('../../lib/limits/index.js')
const { readOptions } = require('../../lib/options/read.js')
const { limitOptions } = require('../../lib/limits/options.js')
const monitor = require('../../lib/loop/monitor.js')
const { block, nextTurn } = require('../support/block.js')
const { run } = require('../support/child.js')
const { connect, connectTls } = require('../support/client.js')
const { hold } = require('../support/hold.js')
const { late } = require('../support/late.js')
const { needs } = require('../support/needs.js')
const { closeOpened, opened } = require('../support/opened.js')
const { kinds, kindNamed } = require('../support/servers.js')
const { createTlsServer } = require('../support/tls.js')
const { until } = require('../support/until.js')
const { keepWarnings } = require('../support/warnings.js')

/** A limit that every process exceeds. */
const OVER = { maxHeapUsedBytes: 1 }

afterEach(closeOpened)

for (const kind of kinds) {
  describe(`an exceeded limit in ${kind.name}`, () => {
    async function start (options) {
      const site = await kind.start(options)
      return { site, client: await connect(site.port) }
    }

    it('refuses with a 503, counts the refusal and reports the reason to onShed', async () => {
      const infos = []
      const { site, client } = await start({ ...OVER, onShed: (info) => infos.push(info) })
      const { status, headers } = await client.send('GET /')
      assert.equal(status, 503)
      assert.ok(headers['retry-after'] >= 5 && headers['retry-after'] <= 15)
      const [{ reason, value, limit, dryRun }] = infos
      assert.deepEqual({ reason, limit, dryRun }, { reason: 'heapUsedBytes', limit: 1, dryRun: false })
      const { shed, shedBy, admitted, load } = site.gate.stats()
      assert.deepEqual({ shed, shedBy, admitted },
        { shed: 1, shedBy: { delay: 0, inFlight: 0, maxInFlight: 0, fairShare: 0, priority: 0, deadline: 0, heapUsedBytes: 1, handshake: 0, spill: 0 }, admitted: 0 })
      assert.equal(value, load.heapUsedBytes)
      const [first] = site.gate.snapshot().limits
      assert.deepEqual(first, { reason: 'heapUsedBytes', value, limit: 1, exceeded: true })
    })

    it('closes the connections that it refuses only if it limits descriptors', async function () {
      needs(this, 'a count of open descriptors', process.platform === 'linux')
      const full = await start({ maxFdRatio: 1e-9 })
      assert.equal((await full.client.send('GET /')).headers.connection, 'close')
      const over = await start(OVER)
      assert.notEqual((await over.client.send('GET /')).headers.connection, 'close')
    })

    it('is checked before the admission controller', async () => {
      const { site, client } = await start({ ...OVER, maxDelay: 20, maxInFlight: 1 })
      assert.equal((await late(() => client.send('GET /'))).status, 503)
      assert.deepEqual(site.gate.stats().shedBy, { delay: 0, inFlight: 0, maxInFlight: 0, fairShare: 0, priority: 0, deadline: 0, heapUsedBytes: 1, handshake: 0, spill: 0 })
    })

    it('does not apply to exempt requests, and only counts in a dry run', async () => {
      const { site, client } = await start({ ...OVER, exempt: '/health', dryRun: true })
      assert.equal((await client.send('GET /health')).status, 200)
      assert.equal((await client.send('GET /')).status, 200)
      await client.send('GET /')
      const { admitted, exempt, shed, wouldShed, inFlight } = site.gate.stats()
      assert.deepEqual({ admitted, exempt, shed, wouldShed, inFlight }, { admitted: 2, exempt: 1, shed: 0, wouldShed: 2, inFlight: 0 })
    })

    it('counts a request only once in a dry run, together with the admission controller', async () => {
      const { site, client } = await start({ ...OVER, maxInFlight: 1, dryRun: true })
      const { answer, release } = await hold(site, () => client.send('GET /hold'))
      const other = await connect(site.port)
      assert.equal((await other.send('GET /')).status, 200)
      release()
      await answer
      const { wouldShed, shedBy } = site.gate.stats()
      assert.deepEqual({ wouldShed, maxInFlight: shedBy.maxInFlight }, { wouldShed: 2, maxInFlight: 0 })
    })

    it('does not occur if the limit is 0, which means no limit', async () => {
      const zero = Object.fromEntries(Object.keys(limitOptions).filter((name) => name.startsWith('max')).map((name) => [name, 0]))
      const { site, client } = await start(zero)
      assert.equal((await client.send('GET /')).status, 200)
      assert.deepEqual(site.gate.snapshot().limits, [])
    })

    it('no longer refuses after the gate is closed', async () => {
      const { site, client } = await start(OVER)
      site.gate.close()
      assert.equal((await client.send('GET /')).status, 200)
    })

    it('refuses while a health check fails', async () => {
      let isWell = false
      const { site, client } = await start({ healthCheck: async () => isWell, healthCheckInterval: 10 })
      await until(async () => (await client.send('GET /')).status === 503)
      assert.ok(site.gate.stats().shedBy.healthCheck > 0)
      isWell = true
      await until(async () => (await client.send('GET /')).status === 200)
    })

    if (!['fastify', 'hapi'].includes(kind.name)) {
      it('is named in the body, except in production or if the user sets a message', async () => {
        const { client } = await start(OVER)
        assert.match((await client.send('GET /')).body, /^Service Unavailable: heapUsedBytes is \d+, above the limit of 1$/)
        const before = process.env.NODE_ENV
        process.env.NODE_ENV = 'production'
        assert.equal((await client.send('GET /')).body, 'Service Unavailable')
        if (before === undefined) delete process.env.NODE_ENV
        else process.env.NODE_ENV = before
        const own = await start({ ...OVER, message: 'later' })
        assert.equal((await own.client.send('GET /')).body, 'later')
      })
    }
  })
}

describe('a gate without options', () => {
  it('has a single limit, on descriptors', async () => {
    const site = await kindNamed('http').start()
    const [limit, ...others] = site.gate.snapshot().limits
    assert.deepEqual([limit.reason, limit.limit, others], ['fdRatio', 0.9, []])
  })

  it('reports every figure that this system provides', async () => {
    const site = await kindNamed('http').start({ sampleInterval: 50 })
    await setTimeout(120) // two samples
    const { load } = site.gate.stats()
    for (const [name, value] of Object.entries(load)) {
      if (name === 'memoryRatio') continue // only in a container
      if (name === 'gcRatio') continue // only if it is limited
      assert.ok(Number.isFinite(value) && value >= 0, `${name}: ${value}`)
    }
    assert.ok(load.rssBytes > load.heapUsedBytes)
    assert.ok(load.fdRatio > 0 && load.fdRatio < 1)
  })

  it('measures garbage collection only if that is limited', async () => {
    const { start } = kindNamed('http')
    const sampleInterval = 777 // used by no other test
    const [without, within] = [await start({ sampleInterval }), await start({ maxGcRatio: 1, sampleInterval })]
    assert.equal(without.gate.stats().load, within.gate.stats().load, 'one sampler')
    assert.ok(within.gate.stats().load.gcRatio >= 0)
    within.gate.close()
    without.gate.close()
    assert.equal((await start({ sampleInterval })).gate.stats().load.gcRatio, null)
  })
})

describe('the sampling of the limits', () => {
  const read = (options) => readOptions('a test', limitOptions, options)

  function limits (options) {
    const made = new Limits(read(options))
    opened(() => made.close())
    return made
  }

  it('is shared by all gates with the same interval, and begins with figures', () => {
    const [a, b] = [limits({ sampleInterval: 5000 }), limits({ sampleInterval: 5000 })]
    assert.equal(a.load, b.load)
    assert.ok(Object.values(a.load).every((value) => value === null || Number.isFinite(value)))
    assert.notEqual(limits({ sampleInterval: 4000 }).load, a.load)
    a.close()
    a.close()
    assert.ok(b.load.rssBytes > 0)
  })

  it('reports an exhausted resource once', async () => {
    const told = []
    const made = limits({ maxRssBytes: 1, maxEventLoopDelay: 0, sampleInterval: 10, exhaustedAfter: 50, onExhausted: (what) => told.push(what) })
    await until(() => told.length > 0)
    await setTimeout(100) // ten more samples
    const { reason, value, limit, forMs } = told[0]
    assert.deepEqual({ reason, limit, times: told.length }, { reason: 'rssBytes', limit: 1, times: 1 })
    assert.ok(value > 1 && forMs >= 50)
    assert.equal(made.exceeded.reason, 'rssBytes')
  })

  it('reports an exhausted resource again if it recovered in between', async () => {
    const told = []
    const exhaustion = new Exhaustion({ onExhausted: ({ value }) => told.push(value), exhaustedAfter: 10 })
    for (const value of [2, 3, 1, 4, 5]) {
      exhaustion.note('rssBytes', value, 1, value > 1)
      await setTimeout(15)
    }
    assert.deepEqual(told, [3, 5])
  })

  it('refuses for the first of several exceeded limits', () => {
    const { exceeded } = limits({ maxHeapUsedBytes: 1, maxRssBytes: 1, maxHeapUsedRatio: 1e-9 })
    assert.equal(exceeded.reason, 'heapUsedBytes')
  })

  it('does not report exhaustion if the exceeded figure recovers by itself', async () => {
    const told = []
    const onExhausted = (what) => told.push(what)
    const made = limits({ maxEventLoopUtilization: 1e-9, sampleInterval: 10, exhaustedAfter: 10, onExhausted })
    await until(() => made.exceeded !== null)
    await setTimeout(60)
    assert.equal(made.exceeded.reason, 'eventLoopUtilization')
    assert.deepEqual(told, [])
  })

  it('warns of a limit on a figure that this system does not provide', async () => {
    const made = new Limits(read({})) // sets no limit on that figure
    const isKnown = made.load.memoryRatio !== null
    made.close()
    const end = keepWarnings()
    limits({ maxMemoryRatio: 0.9 })
    assert.deepEqual(await end(), isKnown ? [] : ['SPILLWAY_UNKNOWN_LIMIT'])
  })

  it('never runs a health check twice at once, and counts an error as unhealthy, with one warning', async () => {
    const end = keepWarnings()
    let running = 0
    let asked = 0
    const made = limits({
      healthCheckInterval: 1,
      healthCheck: async () => {
        assert.equal(++running, 1)
        asked++
        await setTimeout(5)
        running--
        throw new Error('down')
      }
    })
    assert.equal(made.exceeded, null, 'nothing is exceeded before the first result')
    await made.ready
    assert.deepEqual(made.exceeded, { reason: 'healthCheck', value: undefined, limit: undefined })
    await until(() => asked >= 4)
    assert.deepEqual(await end(), ['SPILLWAY_HEALTH_CHECK'])
    made.close()
    await setTimeout(20) // the result of the last run may still come
    const last = asked
    await setTimeout(20)
    assert.equal(asked, last, 'it ran after close()')
  })

  it('counts a turn as a whole if it was read while it ran', async () => {
    opened(monitor.acquire())
    const made = limits({ maxEventLoopDelay: 100, sampleInterval: 50 })
    await setTimeout(60)
    await nextTurn()
    block(200) // a sample is due
    assert.ok(made.load)
    await setTimeout(1) // the overdue sample runs first
    assert.equal(made.exceeded?.reason, 'eventLoopDelay')
  })

  it('can average the utilization from the start of the process', async () => {
    const cumulative = limits({ eventLoopUtilizationMode: 'cumulative', sampleInterval: 20 })
    const byInterval = limits({ maxEventLoopUtilization: 1, sampleInterval: 20 })
    block(2000)
    await setTimeout(20)
    await until(async () => {
      await setTimeout(20) // the loop has to be idle
      return byInterval.load.eventLoopUtilization < 0.5
    })
    assert.ok(cumulative.load.eventLoopUtilization > 0.5)
  })
})

describe('the last free descriptors', () => {
  let limit = Infinity
  // Keeps samples from changing it.
  before(() => Object.defineProperty(fdWatch, 'limit', { get: () => limit, set () {}, configurable: true, enumerable: true }))
  after(() => Object.defineProperty(fdWatch, 'limit', { value: Infinity, writable: true, configurable: true, enumerable: true }))
  afterEach(() => { limit = Infinity })

  /** @returns {Promise<boolean>} whether a request on its own connection is answered, with any status */
  async function isAnswered (port, connectTo = connect) {
    const answer = connectTo(port).then((client) => client.send('GET /'))
    return answer.then(() => true, () => false)
  }

  const some = kinds.filter(({ name }) => ['http', 'fastify', 'hapi'].includes(name))
  for (const [how, settings, connectTo] of [['', {}, connect], [' over TLS', { createServer: createTlsServer }, connectTls]]) {
    for (const kind of some) {
      it(`are not given to new connections in ${kind.name}${how}`, async () => {
        const { port, gate } = await kind.start({}, settings)
        limit = 1
        assert.equal(await isAnswered(port, connectTo), false)
        assert.equal(gate.stats().droppedConnections, 1)
        limit = 1e6
        assert.equal(await isAnswered(port, connectTo), true)
        limit = 1
        gate.close()
        assert.equal(await isAnswered(port, connectTo), true)
        assert.equal(gate.stats().droppedConnections, 1)
      })
    }
  }

  it('are given to connections if there is no limit or in a dry run', async () => {
    for (const options of [{ maxFdRatio: 0 }, { dryRun: true }]) {
      const { port, gate } = await some[0].start(options)
      limit = 1
      assert.equal(await isAnswered(port), true)
      assert.equal(gate.stats().droppedConnections, 0)
    }
  })

  it('are given to connections if the gate is in an encapsulated Fastify plugin', async () => {
    const app = fastify()
    opened(() => app.close())
    await app.register(async (scope) => scope.register(spillwayFastify))
    await app.listen({ port: 0, host: '127.0.0.1' })
    limit = 1
    assert.equal(await isAnswered(app.server.address().port), true)
  })
})

it('the sampling of the limits runs no timer unless a limit needs it, or an exceeded limit must be observed', async () => {
  const { stdout, stderr } = await run(`
    let timers = 0
    const { setInterval: start, clearInterval: end } = globalThis
    globalThis.setInterval = (...args) => { timers++; return start(...args) }
    globalThis.clearInterval = (timer) => { if (timer) timers--; end(timer) }
    const fdWatch = require('./lib/limits/fd-watch.js')
    const { guard } = require('./lib/adapters/http.js')
    const [plain, ...limited] = [{}, { maxFdRatio: 0.5 }, { maxRssBytes: 1e12 }].map((options) =>
      guard(require('node:http').createServer(), { sampleInterval: 500, ...options }))
    console.log(timers)
    for (const gate of limited) gate.close()
    console.log(timers, plain.stats().load.rssBytes > 0)
    fdWatch.note(1e9)
    console.log(timers, plain.snapshot().limits[0].exceeded)
    const looking = start(() => {
      if (timers > 0) return
      console.log(timers, plain.snapshot().limits[0].exceeded)
      end(looking)
    }, 10)
  `)
  assert.deepEqual({ stdout, stderr }, { stdout: '1\n0 true\n1 true\n0 false\n', stderr: '' })
})

it('the sampling of the limits leaves nothing behind when its gates are closed', async () => {
  const { stdout, stderr } = await run(`
    const fdWatch = require('./lib/limits/fd-watch.js')
    const { guard } = require('./lib/adapters/http.js')
    const gates = [guard(require('node:http').createServer(), { maxGcRatio: 1 }), guard(require('node:http').createServer())]
    console.log(fdWatch.from < Infinity || process.platform !== 'linux')
    for (const gate of gates) gate.close()
    console.log(fdWatch.from)
  `)
  assert.deepEqual({ stdout, stderr }, { stdout: 'true\nInfinity\n', stderr: '' })
})

it('the sampling of the limits leaves no timer behind without the addon', async () => {
  const { stdout, stderr } = await run(`
    process.env.SPILLWAY_BACKEND = 'js'
    const perfHooks = require('node:perf_hooks')
    const { monitorEventLoopDelay } = perfHooks
    const histograms = []
    perfHooks.monitorEventLoopDelay = (options) => {
      histograms.push(monitorEventLoopDelay(options))
      return histograms.at(-1)
    }
    require('./lib/adapters/http.js').guard(require('node:http').createServer()).close()
    console.log(histograms.map((histogram) => histogram.disable()).join()) // false: it was already disabled
  `)
  assert.deepEqual({ stdout, stderr }, { stdout: 'false\n', stderr: '' })
})

describe('the measured delay of the event loop', () => {
  let take
  beforeEach(async () => {
    opened(monitor.acquire())
    await setTimeout(5) // lets the loop turn
    take = binding.createLoopDelay()
  })

  it('is given as its p99, its mean and the longest turn', async () => {
    const began = performance.now()
    await nextTurn()
    block(200)
    await setTimeout(300)
    const { mean, p99, max } = take()
    const elapsed = performance.now() - began
    assert.ok(max >= 200, `${max}`)
    // With one long turn, p99 is that turn without a hundredth of the window; other turns add little.
    assert.ok(Math.abs(p99 - (max - elapsed / 100)) < 20, `${p99} of ${max} ms in ${elapsed}`)
    assert.ok(Math.abs(mean - max * max / 2 / elapsed) < 20, `${mean}`)
  })

  it('includes the running turn, and counts the rest of that turn later', async () => {
    await nextTurn()
    block(100)
    assert.ok(take().max >= 100)
    block(50)
    await setTimeout(1)
    const { max } = take()
    assert.ok(max >= 50 && max < 100, `${max}`)
  })

  it('does not include the time for which the loop sleeps', async () => {
    const SLEEP_MS = 300
    take()
    await setTimeout(SLEEP_MS)
    const { mean, p99 } = take()
    // If the sleep counted as a turn, the p99 would be close to the whole window and the mean to half of it.
    assert.ok(p99 < SLEEP_MS / 2 && mean < SLEEP_MS / 4, `${p99}, ${mean}`)
  })
})

describe('the memory of a container', () => {
  const MB = 2 ** 20
  const V2_MOUNT = '30 20 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw'
  const V1_MOUNT = '30 20 0:26 / /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory'

  /** Creates files, by path, and reads the ratio from them. @param {Record<string, string>} files */
  function tree (files) {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-'))
    opened(() => fs.rmSync(root, { recursive: true }))
    for (const [name, text] of Object.entries(files)) {
      fs.mkdirSync(path.join(root, path.dirname(name)), { recursive: true })
      fs.writeFileSync(path.join(root, name), `${text}\n`)
    }
    return containerMemory(root).read().memoryRatio
  }

  const v2 = (dir, limit, usage, inactive = 0) => ({
    [`${dir}/memory.max`]: String(limit),
    [`${dir}/memory.current`]: String(usage),
    [`${dir}/memory.stat`]: `anon 1\ninactive_file ${inactive}\nactive_file 9`
  })
  const v1 = (dir, limit, usage, inactive = 0) => ({
    [`${dir}/memory.limit_in_bytes`]: String(limit),
    [`${dir}/memory.usage_in_bytes`]: String(usage),
    [`${dir}/memory.stat`]: `inactive_file 7\ntotal_inactive_file ${inactive}`
  })
  const inV2 = { 'proc/self/mountinfo': V2_MOUNT, 'proc/self/cgroup': '0::/' }

  const cases = {
    'control groups v2, as a container sees itself': [{ ...inV2, ...v2('sys/fs/cgroup', 100 * MB, 80 * MB) }, 0.8],
    'control groups v2, without the memory that the kernel can reclaim': [{ ...inV2, ...v2('sys/fs/cgroup', 100 * MB, 80 * MB, 30 * MB) }, 0.5],
    'control groups v2 without a limit': [{ ...inV2, ...v2('sys/fs/cgroup', 'max', 80 * MB) }, null],
    'control groups v2, for a service below a slice that is nearer to its limit': [{
      'proc/self/mountinfo': V2_MOUNT,
      'proc/self/cgroup': '0::/user.slice/our.service',
      ...v2('sys/fs/cgroup/user.slice/our.service', 100 * MB, 20 * MB),
      ...v2('sys/fs/cgroup/user.slice', 200 * MB, 180 * MB)
    }, 0.9],
    'control groups v1': [{
      'proc/self/mountinfo': V1_MOUNT,
      'proc/self/cgroup': '5:cpu,cpuacct:/other\n4:memory:/group',
      ...v1('sys/fs/cgroup/memory/group', 100 * MB, 70 * MB, 10 * MB),
      ...v1('sys/fs/cgroup/memory', 9223372036854771712n, 900 * MB)
    }, 0.6],
    'control groups v1, if the container sees its path on the host': [{
      'proc/self/mountinfo': V1_MOUNT.replace('0:26 / ', '0:26 /docker/abc '),
      'proc/self/cgroup': '4:memory:/docker/abc',
      ...v1('sys/fs/cgroup/memory', 100 * MB, 70 * MB)
    }, 0.7],
    'control groups v1, in a group below the mounted one': [{
      'proc/self/mountinfo': V1_MOUNT.replace('0:26 / ', '0:26 /docker/abc '),
      'proc/self/cgroup': '4:memory:/docker/abc/worker',
      ...v1('sys/fs/cgroup/memory/worker', 100 * MB, 90 * MB),
      ...v1('sys/fs/cgroup/memory', 200 * MB, 100 * MB)
    }, 0.9],
    'control groups of both versions if v2 has no memory controller': [{
      'proc/self/mountinfo': `${V2_MOUNT.replace('/sys/fs/cgroup', '/sys/fs/cgroup/unified')}\n${V1_MOUNT}`,
      'proc/self/cgroup': '4:memory:/\n0::/',
      'sys/fs/cgroup/unified/cgroup.procs': '1',
      ...v1('sys/fs/cgroup/memory', 100 * MB, 70 * MB)
    }, 0.7],
    'a system without control groups': [{}, null]
  }
  for (const [name, [files, ratio]] of Object.entries(cases)) {
    it(`is ${ratio} in ${name}`, () => assert.equal(tree(files), ratio))
  }
})

describe('the probe of the thread pool', () => {
  it('keeps no process alive', async () => {
    const { code, stdout, stderr } = await run(`
      const { binding } = require('./lib/native/binding.js')
      const probe = binding.createPoolProbe()
      console.log(probe(), probe() >= 0)
    `)
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '0 true\n', stderr: '' })
  })

  it('reports, until a thread is free, how long it has waited so far', async () => {
    const { code, stdout, stderr } = await run(`
      const pbkdf2 = require('node:util').promisify(require('node:crypto').pbkdf2)
      const { binding } = require('./lib/native/binding.js')
      const { nextTurn } = require('./test/support/block.js')
      const { until } = require('./test/support/until.js')
      const probe = binding.createPoolProbe()
      async function round () {
        const began = performance.now()
        const keys = Array.from({ length: 4 }, () => pbkdf2('a', 'b', 200_000, 64, 'sha512'))
        let oneEnded = 0
        Promise.race(keys).then(() => { oneEnded = performance.now() - began })
        probe()
        let longest = 0
        while (oneEnded === 0) {
          longest = Math.max(longest, probe())
          await nextTurn()
        }
        const elapsed = performance.now() - began
        await Promise.all(keys)
        await until(() => probe() <= longest / 4)
        return longest > oneEnded / 4 && longest < elapsed
      }
      round().then(async (first) => console.log(first, await round()))
    `)
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'true true\n', stderr: '' })
  })

  it('may still wait when the only worker that loaded the addon ends', async () => {
    // Node.js then unloads the library, and a thread of the pool would return to code that no longer exists.
    const { code, signal, stdout, stderr } = await run(`
      const { promisify } = require('node:util')
      const { Worker } = require('node:worker_threads')
      const work = Array.from({ length: 16 }, () => promisify(crypto.pbkdf2)('a', 'b', 200_000, 64, 'sha512'))
      const worker = new Worker(\`
        const { binding } = require('./lib/native/binding.js')
        const probe = binding.createPoolProbe()
        probe()
        const until = performance.now() + 50
        while (performance.now() < until);
        require('node:worker_threads').parentPort.postMessage(probe() >= 49)
        setInterval(() => {}, 1000)
      \`, { eval: true })
      worker.once('message', async (waits) => {
        await worker.terminate()
        await Promise.all(work)
        console.log(waits)
      })
    `)
    assert.deepEqual({ code, signal, stdout, stderr }, { code: 0, signal: null, stdout: 'true\n', stderr: '' })
  })
})
