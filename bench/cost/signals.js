'use strict'

const { setImmediate: nextTurn, setTimeout: sleep } = require('node:timers/promises')
const { PerformanceObserver } = require('node:perf_hooks')

const answer = require('../child/answer')
const median = require('../median')
const { binding } = require('../../lib/native/binding')
const { limitOptions } = require('../../lib/limits/options')
const { Limits } = require('../../lib/limits')
const monitor = require('../../lib/loop/monitor')

const READINGS = 200
const PAUSE_MS = 1
const TURNS = 20_000
const WINDOWS = 64
const OBJECTS_PER_TURN = 400
const REQUESTS = 1_000_000

const signals = Object.fromEntries([
  'event-loop-delay', 'event-loop-utilization', 'heap', 'rss', 'container-memory', 'gc', 'open-files', 'thread-pool'
].map(name => [name, require(`../../lib/limits/signals/${name}`)]))

let sum = 0

/** ns for one reading of each signal, as in a sample, and for the work between samples. */
async function measureSignals ({ rounds }) {
  const release = monitor.acquire()
  const costs = {}
  for (const [name, begin] of Object.entries(signals)) costs[`reading of ${name}`] = await measureReading(begin())
  costs['event-loop turn'] = await measureTurn(rounds)
  costs['garbage collection, with maxGcRatio set'] = await measureCollection(rounds)
  costs.request = measureRequest(rounds)
  release()
  // Without a use of the results, V8 could drop the calls.
  if (!Number.isFinite(sum)) throw new Error('a signal returned no number')
  return costs
}

/** ns for one reading. Before each, there is a pause as between samples, in which the CPU caches may be overwritten. */
async function measureReading (signal) {
  const times = []
  for (let i = 0; i < READINGS; i++) {
    await sleep(PAUSE_MS)
    const startNs = process.hrtime.bigint()
    const figures = signal.read()
    times.push(Number(process.hrtime.bigint() - startNs))
    sum += Object.keys(figures).length
  }
  signal.stop?.()
  return median(times)
}

/** ns that one window of the event-loop delay adds to a turn. A process has one; many make the figure measurable. */
async function measureTurn (rounds) {
  const without = []
  for (let i = 0; i < rounds; i++) without.push(await timeTurns())
  const windows = Array.from({ length: WINDOWS }, () => binding.createLoopDelay())
  const within = []
  for (let i = 0; i < rounds; i++) within.push(await timeTurns())
  for (const take of windows) sum += take().max
  return (median(within) - median(without)) / TURNS / WINDOWS
}

async function timeTurns () {
  const startNs = process.hrtime.bigint()
  for (let i = 0; i < TURNS; i++) await nextTurn()
  return Number(process.hrtime.bigint() - startNs)
}

/** ns that a PerformanceObserver adds per garbage collection, in turns that allocate as those of a server do. */
async function measureCollection (rounds) {
  let seen = 0
  const observer = new PerformanceObserver(list => { seen += list.getEntries().length })
  const differences = []
  await timeAllocations()
  for (let i = 0; i < rounds; i++) {
    const without = await timeAllocations()
    observer.observe({ entryTypes: ['gc'] })
    seen = 0
    const within = await timeAllocations()
    observer.disconnect()
    differences.push((within - without) / seen)
  }
  return median(differences)
}

async function timeAllocations () {
  const startNs = process.hrtime.bigint()
  const objects = []
  for (let i = 0; i < TURNS; i++) {
    for (let j = 0; j < OBJECTS_PER_TURN; j++) objects[j] = { j, more: [i, j] }
    await nextTurn()
  }
  sum += objects.length
  return Number(process.hrtime.bigint() - startNs)
}

/** ns for a gate's work per request: it reports the request, and reads the field that samples set. */
function measureRequest (rounds) {
  const limits = new Limits(Object.fromEntries(Object.entries(limitOptions).map(([name, row]) => [name, row.default])))
  const differences = []
  for (let i = 0; i < rounds; i++) {
    const without = timeRequests({ exceeded: null, touch () {} })
    differences.push((timeRequests(limits) - without) / REQUESTS)
  }
  limits.close()
  return median(differences)
}

function timeRequests (limits) {
  const startNs = process.hrtime.bigint()
  for (let i = 0; i < REQUESTS; i++) {
    limits.touch()
    sum += limits.exceeded === null ? 0 : 1
  }
  return Number(process.hrtime.bigint() - startNs)
}

answer(measureSignals)
