'use strict'

/**
 * Samples the load of this thread and process, once for all gates with the same interval. It runs a timer while requests
 * arrive or a listener needs every sample. Otherwise it samples only when its figures are read, so that an idle process
 * can sleep. It never keeps a process alive.
 *
 * @typedef {object} Load as of the last sample; null if this system does not provide the figure
 * @property {number | null} eventLoopDelay p99 event-loop delay, ms
 * @property {number | null} eventLoopDelayMean mean event-loop delay, ms
 * @property {number | null} eventLoopDelayMax the longest turn of the event loop, ms
 * @property {number | null} eventLoopUtilization 0 to 1
 * @property {number | null} heapUsedBytes
 * @property {number | null} heapUsedRatio share of V8's heap limit
 * @property {number | null} rssBytes
 * @property {number | null} memoryRatio share of the container's memory limit; null if it has none
 * @property {number | null} gcRatio share of the last 5 seconds spent in garbage collection; null unless a gate limits
 *   it, because the measurement slows each collection
 * @property {number | null} fdRatio open file descriptors as a share of RLIMIT_NOFILE
 * @property {number | null} threadPoolDelay how long work waits for a thread of libuv's pool, ms
 *
 * @typedef {{ read: () => Partial<Load>, stop?: () => void }} Signal
 */

/**
 * The functions that start each measurement. A measurement may report a change between the samples.
 *
 * @returns {((report: (figures: Partial<Load>) => void) => Signal)[]}
 */
const signals = () => [ // required on use
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
  /** Each listener, and whether it needs every sample. @type {Map<() => void, boolean>} */
  #listeners = new Map()
  /** @type {Signal[]} */
  #signals
  /** @type {NodeJS.Timeout | undefined} */
  #timer

  /** @param {number} intervalMs */
  constructor (intervalMs) {
    this.#intervalMs = intervalMs
    this.#signals = signals().map((start) => start((figures) => {
      this.#load = { ...this.#load, ...figures }
      this.#notify()
    }))
    this.#load = this.#read()
  }

  /** @returns {Load} at most two intervals old, except in a turn of the event loop that is longer than that */
  get load () {
    // With a timer, reading here would shorten the sample that the limits apply to.
    const isOld = this.#timer === undefined && performance.now() - this.#sampledAt > 2 * this.#intervalMs
    if (isOld) this.#load = this.#read()
    return this.#load
  }

  /** Must be called for each request. */
  touch () {
    this.#isBusy = true
    if (this.#timer === undefined) this.#setTimer()
  }

  /** Observes garbage collection from now on, as long as the sampler has listeners. */
  watchGc () {
    if (this.#load.gcRatio !== null) return
    const signal = require('./signals/gc.js')() // required on use
    this.#signals.push(signal)
    this.#load = { ...this.#load, ...signal.read() }
  }

  /**
   * @param {() => void} listener called after each sample
   * @param {boolean} always whether it needs every sample
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
    this.#notify()
    this.#setTimer()
  }

  #read () {
    this.#sampledAt = performance.now()
    return /** @type {Load} */ (Object.assign({ gcRatio: null }, ...this.#signals.map((signal) => signal.read())))
  }

  #notify () {
    for (const listener of [...this.#listeners.keys()]) listener()
  }
}

/**
 * @param {number} intervalMs
 * @param {() => void} listener called after each sample
 * @returns {{ sampler: Sampler, need: (always: boolean) => void, release: () => void }} `need` sets whether the listener
 *   needs every sample; `release` is idempotent
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
