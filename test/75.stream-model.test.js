'use strict'

const assert = require('node:assert/strict')
const { getEventListeners } = require('node:events')
const { Readable } = require('node:stream')
const { pipeline } = require('node:stream/promises')
const { setImmediate: nextTurn } = require('node:timers/promises')
const { inspect } = require('node:util')
const fc = require('fast-check')

const { concurrentTransform, forEachConcurrent, mapConcurrent, skip } = require('spillway/stream')

const { quiet, unhandledRejectionsOf } = require('./support/stream.js')

/**
 * Whatever the items do, in whatever order: none is handled or delivered twice, none is lost, the limits and the order are
 * kept, the counts add up, and idle comes when nothing runs any more. A failure prints the seed and the plan; SEED and
 * RUNS try others.
 */

const SEED = Number(process.env.SEED ?? 7)
const RUNS = Number(process.env.RUNS ?? 600)
const LONGEST_MS = 3000
const ABORTED = new Error('aborted')
const SOURCE_FAILED = new Error('the source failed')

/** What an item does: how it ends, with how many results, and whether it calls `stop()` first. */
const behaviour = fc.record({
  end: fc.oneof({ weight: 5, arbitrary: fc.constant('value') }, fc.constantFrom('skip', 'fail', 'fail once', 'source rejects')),
  results: fc.nat(3),
  now: fc.boolean(),
  stops: fc.oneof({ weight: 12, arbitrary: fc.constant(false) }, fc.constant(true)),
  heedsSignal: fc.boolean(),
  verdict: fc.constantFrom('skip', 'stop', 'value')
})

/** What happens in a turn: handlers settle, the consumer reads, or something rarer. */
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ settle: fc.nat(9) }) },
  { weight: 4, arbitrary: fc.constant({ read: true }) },
  { weight: 1, arbitrary: fc.record({ concurrency: fc.integer({ min: 1, max: 5 }) }) }
)

const plan = fc.record({
  helper: fc.constantFrom('forEach', 'next', 'toArray', 'for await', 'Duplex', 'pipeline'),
  source: fc.constantFrom('array', 'Set', 'generator', 'async generator', 'Readable', 'web stream'),
  sourceFails: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, fc.constant(true)),
  items: fc.array(behaviour, { maxLength: 12 }),
  steps: fc.array(step, { maxLength: 25 }),
  leavesAfter: fc.option(fc.record({ turns: fc.nat(20), by: fc.constantFrom('abort', 'leave') }), { freq: 3 }),
  options: fc.record({
    concurrency: fc.integer({ min: 1, max: 4 }),
    highWaterMark: fc.constantFrom(undefined, 0, 1, 3, Infinity),
    maxBytes: fc.constantFrom(undefined, undefined, 1, 3),
    ordered: fc.boolean(),
    flatten: fc.boolean(),
    onError: fc.constantFrom('stop', 'collect', 'continue', 'settle', 'function', 'asynchronous function'),
    errorOrder: fc.constantFrom('immediate', 'inOrder'),
    waitForInFlight: fc.boolean(),
    destroySource: fc.boolean(),
    retry: fc.boolean()
  })
})

/** One job that runs by a plan, and what must hold of it. */
class Run {
  started = []
  running = 0
  /** Those that were taken: what they say, and of which item. */
  results = []
  stoppedAt = Infinity
  isIdle = false
  hasLeft = false
  #plan
  #pending = []
  #controller = new AbortController()
  #generatorRuns = false
  #violation
  /** Results that the consumer has asked for, and that count as taken by then. */
  #asked = 1
  #read = () => {}
  #leave = () => {}

  constructor (plan) {
    this.#plan = plan
    this.sourceFails = plan.sourceFails && plan.helper !== 'Duplex' && !['array', 'Set'].includes(plan.source)
    const { options: { retry, onError, maxBytes, ...options }, helper } = plan
    this.options = { ...options, signal: this.#controller.signal }
    if (maxBytes !== undefined) Object.assign(this.options, { maxBytes, sizeOf: () => 1 })
    if (retry) this.options.retry = { attempts: 2, delay: 0, budget: Infinity }
    const verdict = (error, { index }) => error === SOURCE_FAILED ? 'stop' : this.verdictOf(index)
    const functions = { function: verdict, 'asynchronous function': (...args) => this.#later(() => verdict(...args)) }
    this.options.onError = functions[onError] ?? (onError === 'settle' && helper === 'forEach' ? 'continue' : onError)
    this.count = plan.items.length
    this.isDuplex = helper === 'Duplex' || helper === 'pipeline'
  }

  verdictOf (index) {
    const { verdict } = this.#plan.items[index]
    return verdict === 'value' ? { value: `${index} in place` } : verdict
  }

  /** What the item gives: the texts of its results, and whether its error ends the job. */
  expectedOf (index) {
    const { end, results } = this.#plan.items[index]
    const { flatten, onError, retry } = this.options
    const given = flatten ? Array.from({ length: results }, (_, part) => `${index}.${part}`) : [`${index}`]
    const fails = end === 'fail' || end === 'source rejects' || (end === 'fail once' && (retry === undefined || flatten))
    if (!fails) return { fails, texts: end === 'skip' ? [] : given }
    const before = flatten && !this.#isRejected(index) ? given : []
    if (onError === 'settle') return { fails, texts: [...before, `error ${index}`] }
    const verdict = typeof onError === 'function' ? this.verdictOf(index) : onError
    return { fails, endsJob: verdict === 'stop', texts: verdict.value ? [...before, verdict.value] : before }
  }

  /** Of an array or a Set, the element is a promise that rejects. */
  #isRejected (item) {
    return this.#takesElements && this.#plan.items[item].end === 'source rejects'
  }

  get #takesElements () {
    return ['array', 'Set'].includes(this.#plan.source) && !this.isDuplex
  }

  /** A promise that settles when its turn comes. */
  #later (settle) {
    return new Promise((resolve, reject) => {
      this.#pending.push(() => {
        try {
          resolve(settle())
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  handler = (item, { index, attempt, signal, stop }) => {
    const { now, heedsSignal, stops } = this.#plan.items[item]
    try {
      assert.equal(index, item)
      if (attempt === 1) this.#begins(item)
    } catch (violation) {
      this.#violation ??= violation // thrown here, it would be an error of the item
    }
    this.running++
    const settle = () => {
      this.running--
      if (stops) {
        this.stoppedAt = Math.min(this.stoppedAt, item)
        stop()
      }
      return this.#outcome(item, attempt)
    }
    if (now) return settle()
    return this.#later(() => {
      if (!heedsSignal || !signal.aborted) return settle()
      this.running--
      throw signal.reason
    })
  }

  #begins (item) {
    assert.equal(this.isIdle, false, 'started after idle')
    assert.ok(!this.started.includes(item), `item ${item} started twice`)
    this.started.push(item)
    const { concurrency } = this.job
    const { highWaterMark = concurrency, maxBytes = Infinity } = this.options
    assert.ok(this.running < concurrency, `${this.running + 1} run`)
    const { helper } = this.#plan
    if (helper === 'forEach' || helper === 'toArray') return
    const untaken = this.#untaken() - this.#asked
    assert.ok(untaken <= concurrency + highWaterMark, `${untaken} are started and not taken`)
    assert.ok(untaken <= maxBytes || !this.options.destroySource, `${untaken} bytes`)
  }

  /** How many items have started and were not taken, at least: those without a result are left out. */
  #untaken () {
    return this.started.filter(item => {
      const { texts } = this.expectedOf(item)
      return texts.length > 0 && this.results.filter(({ of }) => of === item).length < texts.length
    }).length
  }

  #outcome (item, attempt) {
    const { end, results } = this.#plan.items[item]
    if (!this.options.flatten) {
      if (['fail', 'source rejects'].includes(end) || (end === 'fail once' && attempt === 1)) throw errorOf(item)
      return end === 'skip' ? skip : `${item}`
    }
    if (end === 'value') return Array.from({ length: results }, (_, part) => `${item}.${part}`)
    return (async function * () {
      for (let part = 0; part < results; part++) yield end === 'skip' ? skip : `${item}.${part}`
      if (end !== 'skip') throw errorOf(item)
    })()
  }

  * #generate () {
    this.#generatorRuns = true
    try {
      for (let item = 0; item < this.count; item++) yield item
      if (this.sourceFails) throw SOURCE_FAILED
    } finally {
      this.#generatorRuns = false
    }
  }

  async * #generateAsync () {
    yield * this.#generate()
  }

  #elements () {
    return Array.from(this.#plan.items.keys(), item => {
      if (this.#isRejected(item)) return Promise.reject(errorOf(item))
      return item % 2 === 0 ? item : Promise.resolve(item)
    })
  }

  #openSource () {
    switch (this.#plan.source) {
      case 'array': return this.#elements()
      case 'Set': return new Set(this.#elements())
      case 'generator': return this.#generate()
      case 'async generator': return this.#generateAsync()
      case 'Readable': return Readable.from(this.#generateAsync())
      case 'web stream': return ReadableStream.from(this.#generateAsync())
    }
  }

  /** @returns {Promise<void>} of the consumer: settles as the job ends */
  #consume () {
    const { options } = this
    const { helper } = this.#plan
    const take = result => this.results.push(typeof result === 'string'
      ? { of: parseInt(result), text: result }
      : { of: result.index, text: result.value ?? result.reason.message })
    if (this.isDuplex) return this.#consumeDuplex(take)
    this.source = this.#openSource()
    if (!options.destroySource) this.source.on?.('error', () => {}) // it may fail when the job has left it
    if (helper === 'forEach') {
      const job = this.job = forEachConcurrent(this.source, this.handler, options)
      this.#leave = () => job[Symbol.asyncDispose]()
      return job.then(() => {})
    }
    const iterator = this.job = mapConcurrent(this.source, this.handler, options)
    if (helper === 'toArray') {
      this.#leave = () => iterator[Symbol.asyncDispose]()
      return iterator.toArray().then(results => results.forEach(take))
    }
    if (helper === 'for await') return this.#iterate(iterator, take)
    this.#leave = () => iterator.return()
    return new Promise((resolve, reject) => {
      this.#read = () => {
        this.#asked++
        iterator.next().then(({ done, value }) => {
          this.#asked--
          if (done) resolve()
          else take(value)
        }, reject)
      }
    })
  }

  #consumeDuplex (take) {
    const transform = this.job = concurrentTransform(this.handler, this.options)
    if (this.#plan.helper === 'pipeline') {
      return pipeline(Readable.from(this.#generateAsync()), transform, stream => this.#iterate(stream, take))
    }
    for (let item = 0; item < this.count; item++) transform.write(item)
    transform.end()
    this.#leave = () => transform.destroy()
    transform.on('data', take)
    if (this.#plan.source !== 'array') {
      transform.pause()
      this.#read = () => transform.read()
    }
    return new Promise((resolve, reject) => transform.on('end', resolve).on('error', reject).on('close', resolve))
  }

  async #iterate (results, take) {
    let leaves = false
    let mayRead
    this.#leave = () => { leaves = true }
    this.#read = () => mayRead?.()
    for await (const result of results) {
      take(result)
      await new Promise(resolve => { mayRead = resolve })
      if (leaves) break
    }
  }

  async play () {
    const { steps, leavesAfter } = this.#plan
    let outcome
    const ended = this.#consume().then(() => { outcome = {} }, error => { outcome = { error } })
    const idle = this.job.idle.then(() => {
      this.isIdle = true
      this.runningAtIdle = this.running
    })
    const begun = performance.now()
    const isOver = () => outcome !== undefined && this.isIdle && this.#pending.length === 0
    for (let turn = 0; !isOver(); turn++) {
      if (turn === leavesAfter?.turns && outcome === undefined) this.#depart(leavesAfter.by)
      const { settle, read, concurrency } = steps[turn] ?? { settle: turn * 7, read: true }
      if (settle !== undefined) this.#settle(settle)
      if (read) this.#read()
      if (concurrency !== undefined) this.job.concurrency = concurrency
      await nextTurn()
      if (performance.now() - begun > LONGEST_MS) {
        throw new Error(`hangs: ${inspect({ outcome, isIdle: this.isIdle, running: this.running, stats: this.job.stats() })}`)
      }
    }
    await Promise.all([ended, idle])
    await quiet()
    this.#check(outcome)
    await this.#checkSource()
  }

  #settle (number) {
    const [settle] = this.#pending.splice(number % this.#pending.length, 1)
    settle?.()
  }

  #depart (by) {
    this.hasLeft = true
    if (by === 'abort') this.#controller.abort(ABORTED)
    else this.#leave()?.catch?.(() => {})
  }

  #check ({ error }) {
    const { ordered, onError, errorOrder, flatten } = this.options
    const { helper } = this.#plan
    const expected = this.#plan.items.map((_, item) => this.expectedOf(item))
    const isWhole = error === undefined && !this.hasLeft
    const texts = this.results.map(({ text }) => text)
    const all = expected.flatMap(({ texts }) => texts)

    if (this.#violation !== undefined) throw this.#violation
    assert.equal(this.runningAtIdle, 0, 'idle while handlers run')
    assert.deepEqual(this.started, this.started.toSorted((a, b) => a - b), 'started out of order')
    if (ordered) assert.deepEqual(texts, all.slice(0, texts.length), 'delivered out of order')
    for (const [item, { texts: ofItem }] of expected.entries()) {
      const given = this.results.filter(({ of }) => of === item).map(({ text }) => text)
      const isDue = isWhole && helper !== 'forEach' && item <= this.stoppedAt
      assert.deepEqual(given, isDue ? ofItem : ofItem.slice(0, given.length), `results of item ${item}`)
    }
    if (error !== undefined) this.#checkError(error, expected)
    if (isWhole) {
      assert.ok(!this.sourceFails || this.stoppedAt < Infinity, 'the error of the source is lost')
      for (const [item, { fails, endsJob }] of expected.entries()) {
        if (item > this.stoppedAt) break
        assert.ok(!endsJob && !(fails && onError === 'collect'), `the error of item ${item} is lost`)
      }
    }
    if (error?.of !== undefined && ordered && errorOrder === 'inOrder' && helper !== 'forEach' && helper !== 'toArray') {
      assert.deepEqual(texts, expected.slice(0, error.of).flatMap(({ texts }) => texts).concat(flatten ? texts.filter(text => parseInt(text) === error.of) : []))
    }
    this.#checkStats(isWhole, expected)
    assert.equal(getEventListeners(this.options.signal, 'abort').length, 0)
  }

  #checkError (error, expected) {
    if (this.hasLeft && (error === ABORTED || error.name === 'AbortError' || error.code === 'ERR_STREAM_PREMATURE_CLOSE')) return
    if (error === SOURCE_FAILED) return assert.ok(this.sourceFails)
    if (error instanceof AggregateError) {
      const indexes = error.errors.filter(error => error !== SOURCE_FAILED).map(({ index }) => index)
      const failing = [...expected.keys()].filter(item => expected[item].fails)
      assert.deepEqual(indexes, indexes.toSorted((a, b) => a - b))
      if (this.stoppedAt === Infinity) assert.deepEqual(indexes, failing)
      return
    }
    if (!expected[error.of]?.endsJob) throw error
  }

  #checkStats (isWhole, expected) {
    const { pulled, inFlight, buffered, bytes, completed, failed, skipped, retries, peakInFlight } = this.job.stats()
    assert.deepEqual({ inFlight, buffered, bytes }, { inFlight: 0, buffered: 0, bytes: 0 })
    const rejected = this.#plan.items.filter((_, item) => this.#isRejected(item)).length
    assert.ok(peakInFlight <= 5 && pulled <= this.count && this.started.length <= pulled)
    assert.ok(completed + failed <= this.started.length + rejected)
    if (!isWhole) return
    const { flatten, retry } = this.options
    if (this.stoppedAt === Infinity) {
      assert.equal(pulled, this.count)
      assert.equal(completed + failed, this.count)
      assert.equal(failed, expected.filter(({ fails }) => fails).length)
      const retried = this.#plan.items.filter(({ end }, item) => ['fail', 'fail once', 'source rejects'].includes(end) && !this.#isRejected(item))
      if (retry && !flatten) assert.equal(retries, retried.length)
    }
    if (flatten || this.#plan.helper === 'forEach') return
    assert.equal(this.results.length + skipped, this.isDuplex ? this.count : pulled)
  }

  /** What the job has left of its source. */
  async #checkSource () {
    const { source, destroySource } = this.#plan.helper === 'Duplex' || this.isDuplex ? {} : { source: this.source, ...this.options }
    if (source === undefined) return
    if (destroySource) assert.equal(this.#generatorRuns, false, 'the source is not closed')
    if (!(source instanceof Readable)) return
    assert.ok(source.destroyed || !destroySource)
    if (source.destroyed) return
    assert.equal(source.listenerCount('data'), 0)
    const rest = await source.toArray().catch(error => {
      assert.equal(error, SOURCE_FAILED)
    })
    if (rest !== undefined) assert.deepEqual([...this.started, ...rest], [...this.#plan.items.keys()])
  }
}

function errorOf (item) {
  return Object.assign(new Error(`error ${item}`), { of: item })
}

describe('stream: whatever happens, in whatever order', function () {
  this.timeout(120_000)

  it(`each item is handled once, each result is delivered once, and all ends well (SEED=${SEED})`, async () => {
    const reasons = await unhandledRejectionsOf(() => fc.assert(
      fc.asyncProperty(plan, plan => new Run(plan).play()),
      { seed: SEED, numRuns: RUNS, endOnFailure: process.env.SHRINK === undefined }
    ))
    assert.deepEqual(reasons, [])
  })
})
