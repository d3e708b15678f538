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
const MANY = 64
const OBJECTS = 400
const REQUESTS = 1_000_000

const signals = Object.fromEntries([
  'event-loop-delay', 'event-loop-utilization', 'heap', 'rss', 'container-memory', 'gc', 'open-files', 'thread-pool'
].map(name => [name, require(`../../lib/limits/${name}`)]))

let kept = 0

/** What each signal costs, ns: a reading, of which there is one a sample; and what is paid between the samples. */
async function measure ({ rounds }) {
  const release = monitor.acquire()
  const costs = {}
  for (const [name, begin] of Object.entries(signals)) costs[`reading: ${name}`] = await readingOf(begin())
  costs['a turn'] = await turnOf(rounds)
  costs['a collection, where maxGcRatio is set'] = await collectionOf(rounds)
  costs['a request'] = requestOf(rounds)
  release()
  if (!Number.isFinite(kept)) throw new Error('the results were lost')
  return costs
}

/** With a pause between two, as there is between two samples: the caches are then somebody else's. */
async function readingOf (signal) {
  const times = []
  for (let i = 0; i < READINGS; i++) {
    await sleep(PAUSE_MS)
    const began = process.hrtime.bigint()
    const figures = signal.read()
    times.push(Number(process.hrtime.bigint() - began))
    kept += Object.keys(figures).length
  }
  signal.stop?.()
  return median(times)
}

/** By many windows at once, which a process has one of. */
async function turnOf (rounds) {
  const without = []
  for (let i = 0; i < rounds; i++) without.push(await turns())
  const takes = Array.from({ length: MANY }, () => binding.createLoopDelay())
  const within = []
  for (let i = 0; i < rounds; i++) within.push(await turns())
  for (const take of takes) kept += take().max
  return (median(within) - median(without)) / TURNS / MANY
}

async function turns () {
  const began = process.hrtime.bigint()
  for (let i = 0; i < TURNS; i++) await nextTurn()
  return Number(process.hrtime.bigint() - began)
}

/** ns of some turns that allocate, as those of a server do, for each collection that they cause. */
async function collectionOf (rounds) {
  let seen = 0
  const observer = new PerformanceObserver(list => { seen += list.getEntries().length })
  const differences = []
  await allocate()
  for (let i = 0; i < rounds; i++) {
    const without = await allocate()
    observer.observe({ entryTypes: ['gc'] })
    seen = 0
    const within = await allocate()
    observer.disconnect()
    differences.push((within - without) / seen)
  }
  return median(differences)
}

async function allocate () {
  const began = process.hrtime.bigint()
  const objects = []
  for (let i = 0; i < TURNS; i++) {
    for (let j = 0; j < OBJECTS; j++) objects[j] = { j, more: [i, j] }
    await nextTurn()
  }
  kept += objects.length
  return Number(process.hrtime.bigint() - began)
}

/** What a gate does for each: says that it came, and looks at a field, which a sample may have changed. */
function requestOf (rounds) {
  const limits = new Limits(Object.fromEntries(Object.entries(limitOptions).map(([name, row]) => [name, row.default])))
  const differences = []
  for (let i = 0; i < rounds; i++) {
    const without = asked({ exceeded: null, touch () {} })
    differences.push((asked(limits) - without) / REQUESTS)
  }
  limits.close()
  return median(differences)
}

function asked (subject) {
  const began = process.hrtime.bigint()
  for (let i = 0; i < REQUESTS; i++) {
    subject.touch()
    kept += subject.exceeded === null ? 0 : 1
  }
  return Number(process.hrtime.bigint() - began)
}

answer(measure)
