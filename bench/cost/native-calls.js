'use strict'

const net = require('node:net')
const path = require('node:path')
const { once } = require('node:events')

const alternate = require('./alternate')
const answer = require('../child/answer')

const CALLS = 20_000 // few, so that a round of cheap calls ends within one tick of the kernel's clock (4 ms)
const NS_PER_MS = 1e6
const MAX_DELAY_MS = 100
const COMPLETED = 0 // as in lib/requests/outcome.js

let sum = 0

/**
 * ns per call of the native functions that a request or a stream's item calls. They run in a separate process,
 * because the waits that requestWaitNs() finds here would change the results of toobusy().
 *
 * @param {{ rounds: number, root: string }} settings `root`: the checkout of spillway to measure
 * @returns {Promise<Record<string, number>>}
 */
async function measureNativeCalls ({ rounds, root }) {
  const load = file => require(path.join(root, 'lib', file))
  const { binding } = load('native/binding.js')
  const release = load('loop/monitor.js').acquire()
  const connections = await openConnections(2)
  const fds = connections.map(({ accepted }) => accepted._handle.fd ?? -1)
  const candidates = {
    nothing,
    ...requestWaitCalls(binding, fds),
    ...controllerCalls(binding),
    ...concurrencyCalls(binding)
  }
  const ns = await alternate(candidates, { calls: CALLS, rounds })
  // Without a use of the results, V8 could drop the calls.
  if (!Number.isFinite(sum)) throw new Error('a call returned no number')
  for (const { accepted, client } of connections) {
    client.destroy()
    accepted.destroy()
  }
  release()
  return ns
}

function nothing () {
  for (let i = 0; i < CALLS; i++) sum += i & 1
}

function requestWaitCalls (binding, [fd, other]) {
  return {
    'requestWaitNs(), first request on a connection' () {
      for (let i = 0; i < CALLS; i++) sum += binding.requestWaitNs(fd, 1, 0)
    },
    // Not twice in a row for one connection: that is the cheaper case of pipelined requests.
    'requestWaitNs(), later request' () {
      for (let i = 0; i < CALLS; i++) sum += binding.requestWaitNs(i & 1 ? fd : other, 0, -1)
    },
    'wasQueued()' () {
      for (let i = 0; i < CALLS; i++) sum += binding.wasQueued() ? 1 : 0
    }
  }
}

/** The controller counts requests in flight, so enter() cannot be measured without leave() unless it rejects. */
function controllerCalls (binding) {
  const tickNs = binding.tickMs * NS_PER_MS
  const open = binding.createController(MAX_DELAY_MS * NS_PER_MS, 0, tickNs, 0, 1, 0)
  const full = binding.createController(0, 1, tickNs, 0, 1, 0)
  full.enter(0, 0, 0)
  return {
    'controller: enter() and leave()' () {
      for (let i = 0; i < CALLS; i++) {
        const entered = open.enter(0, 0, 0)
        if (entered < 0) throw new Error('the controller rejected a request without a load')
        open.leave(0, entered, COMPLETED)
      }
    },
    'controller: enter(), rejected' () {
      for (let i = 0; i < CALLS; i++) {
        if (full.enter(0, 0, 0) >= 0) throw new Error('the controller admitted a request above maxInFlight')
      }
    }
  }
}

function concurrencyCalls (binding) {
  const concurrency = binding.createConcurrency?.()
  return concurrency && {
    'stream concurrency: begin() and end()' () {
      for (let i = 0; i < CALLS; i++) sum += concurrency.end(concurrency.begin(), 1)
    }
  }
}

/** @param {number} count of loopback connections, over each of which the server has received a byte */
async function openConnections (count) {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const connections = []
  for (let i = 0; i < count; i++) {
    const client = net.connect(server.address().port, '127.0.0.1')
    const [accepted] = await once(server, 'connection')
    client.write('x')
    await once(accepted, 'data')
    connections.push({ accepted, client })
  }
  server.close()
  return connections
}

answer(measureNativeCalls)
