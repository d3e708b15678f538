'use strict'

/**
 * Preloaded for the published test files of @fastify/under-pressure, which then test spillway/fastify.
 */

const Module = require('node:module')
const net = require('node:net')
const nodeTest = require('node:test')
const { setImmediate, setTimeout } = require('node:timers/promises')

const theirs = require.resolve('@fastify/under-pressure')
const ours = require.resolve('../../lib/adapters/fastify/index.js')

/** The tests that are skipped, and the reasons. */
const EXCLUDED = {
  'eventLoopUtilizationMode measures cumulative or interval utilization':
    'replaces perf_hooks and the timers; asserts that utilization counts from the start by default',
  'event loop delay (NaN)': 'replaces perf_hooks; asserts that no sample is a delay of Infinity',
  'interval reentrance': 'replaces the timers',
  'memoryUsage name space': 'asserts that a mean hides a block of 1.5 s under a limit of 1 s'
}
// Only the skipped tests use these.
const NOT_NEEDED = ['sinon', 'proxyquire']

/** @param {string} name */
function test (name, ...rest) {
  if (Object.hasOwn(EXCLUDED, name)) return nodeTest.test(name, { skip: EXCLUDED[name] })
  return nodeTest.test(name, ...rest)
}

function replace () {
  const { _load: load, _resolveFilename: resolve } = Module
  Module._load = function (request, ...rest) {
    if (request === 'node:test') return { ...nodeTest, test }
    if (NOT_NEEDED.includes(request)) return {}
    return load.call(this, request, ...rest)
  }
  Module._resolveFilename = function (...args) {
    const file = resolve.apply(this, args)
    return file === theirs ? ours : file
  }

  // Otherwise, the first test would block before the first turn of the loop, and start-up does not count as delay.
  nodeTest.before(async () => {
    await setImmediate()
    await setTimeout(10)
  })

  // One test listens on a port that another process may use.
  const { listen } = net.Server.prototype
  net.Server.prototype.listen = function (options, ...rest) {
    return listen.call(this, options?.port === 3000 ? { ...options, port: 0 } : options, ...rest)
  }
}

// The processes that the tests fork to send their requests are preloaded too.
if (process.send === undefined) replace()
