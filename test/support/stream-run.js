'use strict'

const assert = require('node:assert/strict')
const { Readable } = require('node:stream')
const { pipeline } = require('node:stream/promises')
const { setImmediate: nextTurn } = require('node:timers/promises')
const { inspect } = require('node:util')

const { concurrentTransform, forEachConcurrent, mapConcurrent, skip } = require('spillway/stream')

const { waitForTurns } = require('./stream.js')

const LONGEST_MS = 3000
const ABORTED = new Error('aborted')
const SOURCE_FAILED = new Error('the source failed')

/** Runs one job according to a plan, and checks its limits while it runs. */
class Run {
  started = []
  running = 0
  /** The results that the consumer took: the text of each, and the item to which it belongs. */
  results = []
  stoppedAt = Infinity
  isIdle = false
  hasLeft = false
  #pending = []
  #controller = new AbortController()
  generatorRuns = false
  /** @type {Error | undefined} the first limit that was exceeded */
  violation
  /** How many results the consumer has asked for. They count as taken. */
  #asked = 1
  #read = () => {}
  #leave = () => {}

  constructor (plan) {
    this.plan = plan
    this.sourceFails = plan.sourceFails && plan.helper !== 'Duplex' && !['array', 'Set'].includes(plan.source)
    const { options: { retry, onError, maxBytes, ...options }, helper } = plan
    this.options = { ...options, signal: this.#controller.signal }
    if (maxBytes !== undefined) Object.assign(this.options, { maxBytes, sizeOf: () => 1 })
    if (retry) this.options.retry = { attempts: 2, delay: 0, budget: Infinity }
    const verdict = (_error, { index }) => this.verdictOf(index)
    const functions = { function: verdict, 'asynchronous function': (...args) => this.#later(() => verdict(...args)) }
    this.options.onError = functions[onError] ?? (onError === 'settle' && helper === 'forEach' ? 'continue' : onError)
    this.count = plan.items.length
    this.isDuplex = helper === 'Duplex' || helper === 'pipeline'
  }

  verdictOf (index) {
    const { verdict } = this.plan.items[index]
    return verdict === 'value' ? { value: `${index} in place` } : verdict
  }

  /** The expected outcome of an item: whether it fails, the texts of its results, and whether its error ends the job. */
  expectedOf (index) {
    const { end, results } = this.plan.items[index]
    const { flatten, onError, retry } = this.options
    const given = flatten ? Array.from({ length: results }, (_, part) => `${index}.${part}`) : [`${index}`]
    const fails = end === 'fail' || end === 'source rejects' || (end === 'fail once' && (retry === undefined || flatten))
    if (!fails) return { fails, texts: end === 'skip' ? [] : given }
    const before = flatten && !this.isRejected(index) ? given : []
    if (onError === 'settle') return { fails, texts: [...before, `error ${index}`] }
    const verdict = typeof onError === 'function' ? this.verdictOf(index) : onError
    return { fails, endsJob: verdict === 'stop', texts: verdict.value ? [...before, verdict.value] : before }
  }

  /** Whether the item is a promise in an array or a Set that rejects. */
  isRejected (item) {
    return this.#takesElements && this.plan.items[item].end === 'source rejects'
  }

  get #takesElements () {
    return ['array', 'Set'].includes(this.plan.source) && !this.isDuplex
  }

  /** Returns a promise that settles when the plan selects it. */
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
    const { now, heedsSignal, stops } = this.plan.items[item]
    try {
      assert.equal(index, item)
      if (attempt === 1) this.#begins(item)
    } catch (violation) {
      this.violation ??= violation // if it were thrown here, it would be an error of the item
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
    assert.equal(this.isIdle, false, 'an item started after idle')
    assert.ok(!this.started.includes(item), `item ${item} started twice`)
    this.started.push(item)
    const { concurrency } = this.job
    const { highWaterMark = concurrency, maxBytes = Infinity } = this.options
    assert.ok(this.running < concurrency, `${this.running + 1} run`)
    const { helper } = this.plan
    if (helper === 'forEach' || helper === 'toArray') return
    const untaken = this.#untaken() - this.#asked
    assert.ok(untaken <= concurrency + highWaterMark, `${untaken} items are started and not taken`)
    assert.ok(untaken <= maxBytes || !this.options.destroySource, `${untaken} bytes`)
  }

  /** The minimum number of items that have started and were not taken. Items without a result are not counted. */
  #untaken () {
    return this.started.filter(item => {
      const { texts } = this.expectedOf(item)
      return texts.length > 0 && this.results.filter(({ of }) => of === item).length < texts.length
    }).length
  }

  #outcome (item, attempt) {
    const { end, results } = this.plan.items[item]
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
    this.generatorRuns = true
    try {
      for (let item = 0; item < this.count; item++) yield item
      if (this.sourceFails) throw SOURCE_FAILED
    } finally {
      this.generatorRuns = false
    }
  }

  async * #generateAsync () {
    yield * this.#generate()
  }

  #elements () {
    return Array.from(this.plan.items.keys(), item => {
      if (this.isRejected(item)) return Promise.reject(errorOf(item))
      return item % 2 === 0 ? item : Promise.resolve(item)
    })
  }

  #openSource () {
    switch (this.plan.source) {
      case 'array': return this.#elements()
      case 'Set': return new Set(this.#elements())
      case 'generator': return this.#generate()
      case 'async generator': return this.#generateAsync()
      case 'Readable': return Readable.from(this.#generateAsync())
      case 'web stream': return ReadableStream.from(this.#generateAsync())
    }
  }

  /** Starts the job and its consumer. @returns {Promise<void>} settles as the job does */
  #consume () {
    const { options } = this
    const { helper } = this.plan
    const take = result => this.results.push(typeof result === 'string'
      ? { of: parseInt(result), text: result }
      : { of: result.index, text: result.value ?? result.reason.message })
    if (this.isDuplex) return this.#consumeDuplex(take)
    this.source = this.#openSource()
    if (!options.destroySource) this.source.on?.('error', () => {}) // it may fail after the job has ended
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
    if (this.plan.helper === 'pipeline') {
      return pipeline(Readable.from(this.#generateAsync()), transform, stream => this.#iterate(stream, take))
    }
    for (let item = 0; item < this.count; item++) transform.write(item)
    transform.end()
    this.#leave = () => transform.destroy()
    transform.on('data', take)
    if (this.plan.source !== 'array') {
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

  /** @returns {Promise<{ error?: any }>} resolves when the job has ended and is idle */
  async play () {
    const { steps, leavesAfter } = this.plan
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
    await waitForTurns()
    return outcome
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
}

function errorOf (item) {
  return Object.assign(new Error(`error ${item}`), { of: item })
}

module.exports = { ABORTED, Run, SOURCE_FAILED }
