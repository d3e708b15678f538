'use strict'

const assert = require('node:assert/strict')
const { getEventListeners } = require('node:events')
const { Readable } = require('node:stream')
const fc = require('fast-check')

const { plan } = require('../support/stream-plan.js')
const { ABORTED, Run, SOURCE_FAILED } = require('../support/stream-run.js')
const { collectUnhandledRejections } = require('../support/stream.js')

/**
 * Runs jobs with random plans, and checks that no item is handled twice, delivered twice or lost, that the limits and the
 * order are kept, that the counts add up, and that `idle` resolves when no handler runs any more. A failure prints the seed
 * and the plan. The environment variables SEED and RUNS try other plans, and SHRINK looks for a smaller one.
 */

const SEED = Number(process.env.SEED ?? 7)
const RUNS = Number(process.env.RUNS ?? 2500)

function checkAll (run, { error }) {
  const expected = run.plan.items.map((_, item) => run.expectedOf(item))
  const isWhole = error === undefined && !run.hasLeft
  if (run.violation !== undefined) throw run.violation
  assert.equal(run.runningAtIdle, 0, 'idle while handlers run')
  assert.deepEqual(run.started, run.started.toSorted((a, b) => a - b), 'started out of order')
  checkResults(run, expected, isWhole)
  if (isWhole) checkNoErrorIsLost(run, expected)
  if (error !== undefined) checkError(run, expected, error)
  checkStats(run, expected, isWhole)
  assert.equal(getEventListeners(run.options.signal, 'abort').length, 0)
}

function checkResults ({ results, stoppedAt, options: { ordered }, plan: { helper } }, expected, isWhole) {
  const texts = results.map(({ text }) => text)
  const all = expected.flatMap(({ texts }) => texts)
  if (ordered) assert.deepEqual(texts, all.slice(0, texts.length), 'delivered out of order')
  for (const [item, { texts: ofItem }] of expected.entries()) {
    const given = results.filter(({ of }) => of === item).map(({ text }) => text)
    const isDue = isWhole && helper !== 'forEach' && item <= stoppedAt
    assert.deepEqual(given, isDue ? ofItem : ofItem.slice(0, given.length), `results of item ${item}`)
  }
}

function checkNoErrorIsLost ({ sourceFails, stoppedAt, options: { onError } }, expected) {
  assert.ok(!sourceFails || stoppedAt < Infinity, 'the error of the source is lost')
  for (const [item, { fails, endsJob }] of expected.entries()) {
    if (item <= stoppedAt) assert.ok(!endsJob && !(fails && onError === 'collect'), `the error of item ${item} is lost`)
  }
}

function checkError ({ hasLeft, sourceFails, stoppedAt, results, options: { ordered, errorOrder }, plan: { helper } }, expected, error) {
  if (hasLeft && (error === ABORTED || error.name === 'AbortError' || error.code === 'ERR_STREAM_PREMATURE_CLOSE')) return
  if (error === SOURCE_FAILED) {
    assert.ok(sourceFails)
  } else if (error instanceof AggregateError) {
    const indexes = error.errors.filter(error => error !== SOURCE_FAILED).map(({ index }) => index)
    const failing = [...expected.keys()].filter(item => expected[item].fails)
    assert.deepEqual(indexes, failing.filter(item => stoppedAt === Infinity || indexes.includes(item)))
  } else if (!expected[error.of]?.endsJob) {
    throw error
  } else if (ordered && errorOrder === 'inOrder' && !['forEach', 'toArray'].includes(helper)) {
    const before = results.filter(({ of }) => of < error.of).map(({ text }) => text)
    assert.deepEqual(before, expected.slice(0, error.of).flatMap(({ texts }) => texts))
  }
}

function checkStats (run, expected, isWhole) {
  const { pulled, inFlight, buffered, bytes, completed, failed, skipped, retries } = run.job.stats()
  assert.deepEqual({ inFlight, buffered, bytes }, { inFlight: 0, buffered: 0, bytes: 0 })
  const indexes = [...run.plan.items.keys()]
  const rejected = indexes.filter(item => run.isRejected(item))
  assert.ok(run.started.length <= pulled && pulled <= indexes.length)
  assert.ok(completed + failed <= run.started.length + rejected.length)
  if (!isWhole) return
  const { flatten, retry } = run.options
  if (run.stoppedAt === Infinity) {
    assert.deepEqual({ pulled, ended: completed + failed }, { pulled: indexes.length, ended: indexes.length })
    assert.equal(failed, expected.filter(({ fails }) => fails).length)
    const failing = run.plan.items.filter(({ end }) => ['fail', 'fail once', 'source rejects'].includes(end))
    if (retry && !flatten) assert.equal(retries, failing.length - rejected.length)
  }
  // A Duplex also counts chunks that are written after stop().
  if (!flatten && run.plan.helper !== 'forEach') assert.equal(run.results.length + skipped, run.isDuplex ? indexes.length : pulled)
}

async function checkSource ({ source, generatorRuns, started, options: { destroySource }, plan: { items } }) {
  if (destroySource) assert.equal(generatorRuns, false, 'the source is not closed')
  if (!(source instanceof Readable)) return
  assert.ok(source.destroyed || !destroySource)
  if (source.destroyed) return
  assert.equal(source.listenerCount('data'), 0)
  const rest = await source.toArray().catch(error => {
    assert.equal(error, SOURCE_FAILED)
  })
  if (rest !== undefined) assert.deepEqual([...started, ...rest], [...items.keys()])
}

describe('A stream helper with random events in random order', function () {
  this.timeout(120_000)

  it(`handles each item once, delivers each result once, keeps its limits, and ends (SEED=${SEED})`, async () => {
    const reasons = await collectUnhandledRejections(() => fc.assert(fc.asyncProperty(plan, async plan => {
      const run = new Run(plan)
      checkAll(run, await run.play())
      if (!run.isDuplex) await checkSource(run)
    }), { seed: SEED, numRuns: RUNS, endOnFailure: process.env.SHRINK === undefined }))
    assert.deepEqual(reasons, [])
  })
})
