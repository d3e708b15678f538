'use strict'

/**
 * Samples what a thread has to share, for all gates that ask at the same interval: at that interval while
 * requests come or anyone needs to be told, else where somebody looks, so that an idle process is left
 * asleep. Never keeps a process alive.
 *
 * @typedef {object} Load as of the last sample; null where this system does not tell
 * @property {number | null} eventLoopDelay ms that one moment in a hundred had to wait for the loop
 * @property {number | null} eventLoopDelayMean ms, over all moments
 * @property {number | null} eventLoopDelayMax ms: the longest turn
 * @property {number | null} eventLoopUtilization 0 to 1
 * @property {number | null} heapUsedBytes
 * @property {number | null} heapUsedRatio of what V8 may have
 * @property {number | null} rssBytes
 * @property {number | null} memoryRatio of what the container may have; null where it has no limit
 * @property {number | null} gcRatio of the last 5 seconds; null where no gate has a limit on it, since to
 *   watch it costs something at each collection
 * @property {number | null} fdRatio open file descriptors of what there may be
 * @property {number | null} threadPoolDelay ms that work waits for a thread
 *
 * @typedef {{ read: () => Partial<Load>, stop?: () => void }} Signal
 */

const { performance } = require('node:perf_hooks')
const gc = require('./signals/gc.js')

/**
 * Each begins to measure, and may tell of a change between the samples.
 *
 * @type {((tell: (figures: Partial<Load>) => void) => Signal)[]}
 */
const SIGNALS = [
  require('./signals/event-loop-delay.js'),
  require('./signals/event-loop-utilization.js'),
  require('./signals/heap.js'),
  require('./signals/rss.js'),
  require('./signals/container-memory.js'),
  require('./signals/open-files.js'),
  require('./signals/thread-pool.js')
]

/** By interval, ms. @type {Map<number, Sampler>} */
const samplers = new Map()

class Sampler {
  /** @type {Load} */
  #load
  #sampledAt = 0
  #isBusy = false
  #intervalMs
  /** And whether they need to be told at each interval. @type {Map<() => void, boolean>} */
  #listeners = new Map()
  /** @type {Signal[]} */
  #signals = []
  /** @type {NodeJS.Timeout | undefined} */
  #timer

  /** @param {number} intervalMs */
  constructor (intervalMs) {
    this.#intervalMs = intervalMs
    this.#signals = SIGNALS.map((begin) => begin((figures) => {
      this.#load = { ...this.#load, ...figures }
      this.#tell()
    }))
    this.#load = this.#read()
  }

  /** @returns {Load} no older than two intervals, but in a turn of the loop that is longer */
  get load () {
    // Where there is a timer, what this took would be missing in the sample that the limits are judged by.
    const isOld = this.#timer === undefined && performance.now() - this.#sampledAt > 2 * this.#intervalMs
    if (isOld) this.#load = this.#read()
    return this.#load
  }

  /** A request has come. */
  touch () {
    this.#isBusy = true
    if (this.#timer === undefined) this.#setTimer()
  }

  /** From now on, for as long as anyone samples. */
  watchGc () {
    if (this.#load.gcRatio !== null) return
    const signal = gc()
    this.#signals.push(signal)
    this.#load = { ...this.#load, ...signal.read() }
  }

  /**
   * @param {() => void} listener called after each sample
   * @param {boolean} always whether it needs one at each interval
   */
  add (listener, always) {
    this.#listeners.set(listener, always)
    this.#setTimer()
  }

  /** @param {() => void} listener */
  remove (listener) {
    this.#listeners.delete(listener)
    if (this.#listeners.size === 0) this.#isBusy = false
    this.#setTimer()
    if (this.#listeners.size > 0) return
    for (const signal of this.#signals) signal.stop?.()
    samplers.delete(this.#intervalMs)
  }

  #setTimer () {
    if (this.#isBusy || [...this.#listeners.values()].includes(true)) {
      this.#timer ??= setInterval(() => this.#sample(), this.#intervalMs).unref()
    } else {
      clearInterval(this.#timer)
      this.#timer = undefined
    }
  }

  #sample () {
    this.#isBusy = false
    this.#load = this.#read()
    this.#tell()
    this.#setTimer()
  }

  #read () {
    this.#sampledAt = performance.now()
    return /** @type {Load} */ (Object.assign({ gcRatio: null }, ...this.#signals.map((signal) => signal.read())))
  }

  #tell () {
    for (const listener of [...this.#listeners.keys()]) listener()
  }
}

/**
 * @param {number} intervalMs
 * @param {() => void} listener called after each sample
 * @returns {{ sampler: Sampler, need: (always: boolean) => void, release: () => void }} `need` says whether
 *   a sample is needed at each interval; `release` is idempotent
 */
function acquire (intervalMs, listener) {
  const sampler = samplers.get(intervalMs) ?? new Sampler(intervalMs)
  samplers.set(intervalMs, sampler)
  sampler.add(listener, false)
  let held = true
  return {
    sampler,
    need (always) {
      if (held) sampler.add(listener, always)
    },
    release () {
      if (held) sampler.remove(listener)
      held = false
    }
  }
}

module.exports = { acquire }
