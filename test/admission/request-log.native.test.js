'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const { AdmissionController } = require('../../lib/admission/controller.js')
const { OUTCOME } = require('../../lib/requests/outcome.js')
const { guard } = require('../../lib/adapters/http.js')
const { binding } = require('../../lib/native/binding.js')
const monitor = require('../../lib/loop/monitor.js')
const { block, nextTurn } = require('../support/block.js')
const { connect } = require('../support/client.js')
const { listen } = require('../support/listen.js')
const { needs } = require('../support/needs.js')
const { closeOpened, opened } = require('../support/opened.js')
const { until } = require('../support/until.js')

const CLASS = 3
const LONG_MS = 50 // far longer than the kernel's tick, and longer than a quarter of the limit below
const MORE_THAN_FIT = 2000

afterEach(closeOpened)

describe('the request log', () => {
  before(function () { needs(this, 'kernel waits', binding.kernelWaits) })

  /** Creates a controller and counts the calls of its native functions. */
  function create (options) {
    opened(monitor.acquire())
    const controller = new AdmissionController({ maxDelay: 100, dryRun: false, ...options })
    const { native } = controller
    const calls = { enter: 0, leave: 0 }
    for (const name of ['enter', 'leave']) {
      const { [name]: fn } = native
      native[name] = (...args) => { calls[name]++; return fn(...args) }
    }
    return {
      controller,
      calls,
      isOpen: () => native.log[0] === 1,
      opens: () => until(() => native.log[0] === 1),
      enter: () => controller.enter(CLASS, 0, false, true),
      leave: (admittedAt) => controller.leave(CLASS, admittedAt, OUTCOME.completed),
      inFlight: () => controller.inFlightOf(CLASS)
    }
  }

  it('admits and ends requests without a call while nothing is late', async () => {
    const { calls, opens, enter, leave, inFlight, controller } = create()
    await opens()
    const first = enter()
    const second = enter()
    assert.ok(first > 0 && second > 0)
    assert.equal(inFlight(), 2)
    leave(first)
    assert.equal(inFlight(), 1)
    leave(second)
    assert.equal(inFlight(), 0)
    assert.deepEqual(calls, { enter: 0, leave: 0 })
    await until(() => controller.figuresOf(CLASS).arrivalRate > 0 && controller.figuresOf(CLASS).completionRate > 0)
  })

  it('is closed after a long turn, and counts requests exactly that begin and end on either side of that', async () => {
    const { calls, isOpen, opens, enter, leave, inFlight } = create()
    await opens()
    const before = enter()
    block(LONG_MS)
    await until(() => !isOpen())
    const during = enter()
    assert.equal(inFlight(), 2)
    leave(before)
    assert.deepEqual([inFlight(), calls], [1, { enter: 1, leave: 1 }])
    await opens()
    leave(during)
    assert.deepEqual([inFlight(), calls], [0, { enter: 1, leave: 1 }])
  })

  it('holds any number of requests in one turn', async () => {
    const { opens, enter, leave, inFlight } = create()
    await opens()
    const starts = Array.from({ length: MORE_THAN_FIT }, enter)
    assert.equal(inFlight(), MORE_THAN_FIT)
    starts.forEach(leave)
    assert.equal(inFlight(), 0)
  })

  it('reports how long a request took whose handler blocked the loop', async () => {
    const { opens, enter, leave, controller } = create()
    await opens()
    const start = enter()
    block(LONG_MS)
    leave(start)
    await nextTurn()
    await nextTurn()
    const longest = controller.longestMs(CLASS)
    assert.ok(longest >= LONG_MS, `${longest} ms`)
  })

  it('stays closed with maxInFlight, in a dry run, and for requests that may have waited', async () => {
    for (const options of [{ maxInFlight: 5 }, { dryRun: true }]) {
      const { isOpen } = create(options)
      for (let turn = 0; turn < 10; turn++) await nextTurn()
      assert.equal(isOpen(), false)
    }
    const { calls, opens, controller } = create()
    await opens()
    controller.enter(CLASS, 1, false, true)
    controller.enter(CLASS, 0, true, true)
    controller.enter(CLASS, 0, false, false)
    assert.equal(calls.enter, 3)
  })
})

describe('an overload that begins within one turn of the event loop', () => {
  before(function () { needs(this, 'kernel waits', binding.kernelWaits) })

  const BLOCK_MS = 300
  const CLIENTS = 4

  /** A server that has answered several requests on each of its connections. @param {import('node:http').RequestListener} listener */
  async function start (server) {
    const port = await listen(server)
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => connect(port)))
    for (let i = 0; i < 5; i++) await Promise.all(clients.map((client) => client.send('GET /')))
    return clients
  }

  const answer = (req, res) => {
    if (req.url === '/block') block(BLOCK_MS)
    res.end('ok')
  }

  it('is seen by the requests behind it in that turn, and by those that arrive during it', async () => {
    const server = http.createServer(answer)
    const gate = guard(server, { maxDelay: 10_000 })
    opened(() => gate.close())
    const [first, ...others] = await start(server)
    const answers = [first.send('GET /block'), ...others.map((client) => client.send('GET /'))]
    await Promise.all(answers)
    const late = gate.stats().lastWaits.slice(-CLIENTS).filter((waitMs) => waitMs > BLOCK_MS / 2)
    assert.equal(late.length, CLIENTS - 1)
  })

  it('leaves no request in flight, although some began before it and ended after it', async () => {
    const held = []
    const server = http.createServer((req, res) => req.url === '/hold' ? held.push(res) : answer(req, res))
    const gate = guard(server, { maxDelay: 10_000 })
    opened(() => gate.close())
    const [first, ...others] = await start(server)
    const inFlight = () => gate.snapshot().classes.reduce((sum, { inFlight }) => sum + inFlight, 0)
    const answers = others.map((client) => client.send('GET /hold'))
    await until(() => held.length === others.length)
    assert.equal(inFlight(), others.length)
    await first.send('GET /block')
    assert.equal(inFlight(), others.length)
    for (const res of held) res.end('ok')
    await Promise.all(answers)
    await until(() => inFlight() === 0)
    assert.equal(gate.stats().inFlight, 0)
  })
})
