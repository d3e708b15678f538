'use strict'

const assert = require('node:assert/strict')
const { getEventListeners } = require('node:events')
const { setImmediate: nextTurn } = require('node:timers/promises')
const fc = require('fast-check')

const { concurrentQueue } = require('spillway/stream')

const { waitForTurns, collectUnhandledRejections } = require('../support/stream.js')

/** Does for the queue what model.test.js does for the other helpers. The environment variables SEED and RUNS try other plans. */

const SEED = Number(process.env.SEED ?? 7)
const RUNS = Number(process.env.RUNS ?? 1500)
const LONGEST_MS = 3000
const ABORTED = new Error('aborted')

const often = 10
const rare = 1
const step = fc.oneof(
  { weight: often, arbitrary: fc.record({ add: fc.record({ end: fc.constantFrom('now', 'value', 'fail', 'fail once'), stops: fc.integer({ max: 19, min: 0 }).map(n => n === 0) }) }) },
  { weight: often, arbitrary: fc.record({ settle: fc.nat(9) }) },
  { weight: rare, arbitrary: fc.record({ concurrency: fc.integer({ min: 1, max: 4 }) }) },
  { weight: rare, arbitrary: fc.constantFrom({ clear: true }, { close: true }, { abort: true }) },
  { weight: rare, arbitrary: fc.constant({ pass: true }) }
)
const plan = fc.record({
  concurrency: fc.integer({ min: 1, max: 3 }),
  retries: fc.boolean(),
  steps: fc.array(step, { maxLength: 40 })
})

async function play ({ concurrency, retries, steps }) {
  const controller = new AbortController()
  const started = []
  const pending = []
  const outcomes = []
  let running = 0
  let violation
  let dropped = 0
  let hasStopped = false
  let isOver = false

  const handler = (item, { attempt, stop }) => {
    const { end, stops } = item
    if (attempt === 1) {
      if (running >= queue.concurrency || started.includes(item)) violation ??= new Error(`may not start: ${running} run`)
      started.push(item)
    }
    if (isOver) violation ??= new Error('is over')
    running++
    const settle = () => {
      running--
      if (stops) {
        stop()
        hasStopped = true
      }
      if (end === 'fail' || (end === 'fail once' && attempt === 1)) throw item
      return item
    }
    if (end === 'now') return settle()
    return new Promise((resolve, reject) => pending.push(() => {
      try {
        resolve(settle())
      } catch (error) {
        reject(error)
      }
    }))
  }
  const retry = retries ? { attempts: 2, delay: 0, budget: Infinity } : undefined
  const queue = concurrentQueue(handler, { concurrency, retry, signal: controller.signal })
  const acts = {
    add (behaviour) {
      const item = { ...behaviour, index: outcomes.length }
      const outcome = { item }
      outcomes.push(outcome)
      queue.add(item).then(value => { outcome.value = value }, reason => { outcome.reason = reason })
    },
    settle (number) {
      pending.splice(number % pending.length, 1)[0]?.()
    },
    concurrency (limit) { queue.concurrency = limit },
    clear () { dropped += queue.clear() },
    close () { queue.close() },
    abort () { controller.abort(ABORTED) }
  }
  const settled = () => outcomes.filter(({ value, reason }) => value !== undefined || reason !== undefined)

  for (const step of steps) {
    for (const [act, argument] of Object.entries(step)) acts[act]?.(argument)
    assert.ok(queue.size >= 0)
    if (step.clear) assert.equal(queue.size, 0)
    await nextTurn()
  }
  queue.close().then(() => {
    isOver = true
    if (running > 0) violation ??= new Error(`closed while ${running} run`)
  })
  const begun = performance.now()
  const mustWait = () => !isOver || settled().length < outcomes.length
  while (mustWait()) {
    acts.settle(0)
    await nextTurn()
    const states = () => JSON.stringify({ isOver, running, size: queue.size, unsettled: outcomes.length - settled().length })
    assert.ok(performance.now() - begun < LONGEST_MS, `hangs: ${states()}`)
  }
  await waitForTurns()

  if (violation !== undefined) throw violation
  assert.deepEqual(started, started.toSorted((a, b) => a.index - b.index))
  for (const { item, value, reason } of outcomes) {
    const fails = item.end === 'fail' || (item.end === 'fail once' && !retries)
    if (started.includes(item)) {
      const wasCut = item.end === 'fail once' && (controller.signal.aborted || hasStopped)
      if (!wasCut) assert.deepEqual({ value, reason }, fails ? { value: undefined, reason: item } : { value: item, reason: undefined })
    } else {
      assert.ok(reason === ABORTED || reason.name === 'AbortError' || reason.code === 'SPILLWAY_QUEUE_CLOSED', reason)
    }
  }
  assert.ok(dropped <= outcomes.length - started.length)
  const { pulled, inFlight, buffered, completed, failed, lateErrors, skipped } = queue.stats()
  assert.deepEqual({ inFlight, buffered }, { inFlight: 0, buffered: 0 })
  assert.ok(completed + failed <= pulled)
  if (!hasStopped && !controller.signal.aborted) {
    assert.deepEqual({ handled: completed + failed, lateErrors }, { handled: started.length, lateErrors: 0 })
    assert.equal(skipped, failed + pulled - started.length)
  }
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
}

describe('A concurrentQueue() with random events in random order', function () {
  this.timeout(120_000)

  it(`handles each item at most once, settles every promise, and closes (SEED=${SEED})`, async () => {
    const reasons = await collectUnhandledRejections(() => fc.assert(fc.asyncProperty(plan, play), { seed: SEED, numRuns: RUNS, endOnFailure: true }))
    assert.deepEqual(reasons, [])
  })
})
