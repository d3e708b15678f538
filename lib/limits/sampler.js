'use strict'

/**
 * Samples what a thread has to share, for all gates that ask at the same interval. Samples while anyone
 * does, and never keeps a process alive.
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

const gc = require('./gc.js')

/**
 * Each begins to measure, and may tell of a change between the samples.
 *
 * @type {((tell: (figures: Partial<Load>) => void) => Signal)[]}
 */
const SIGNALS = [
  require('./event-loop-delay.js'),
  require('./event-loop-utilization.js'),
  require('./heap.js'),
  require('./rss.js'),
  require('./container-memory.js'),
  require('./open-files.js'),
  require('./thread-pool.js')
]

/** By interval, ms. @type {Map<number, Sampler>} */
const samplers = new Map()

class Sampler {
  /** @type {Load} */
  load
  #intervalMs
  /** @type {Set<() => void>} */
  #listeners = new Set()
  /** @type {Signal[]} */
  #signals = []
  #timer

  /** @param {number} intervalMs */
  constructor (intervalMs) {
    this.#intervalMs = intervalMs
    this.#signals = SIGNALS.map((begin) => begin((figures) => {
      this.load = { ...this.load, ...figures }
      this.#tell()
    }))
    this.load = this.#read()
    this.#timer = setInterval(() => this.#sample(), intervalMs).unref()
  }

  /** From now on, for as long as anyone samples. */
  watchGc () {
    if (this.load.gcRatio !== null) return
    const signal = gc()
    this.#signals.push(signal)
    this.load = { ...this.load, ...signal.read() }
  }

  /** @param {() => void} listener called after each sample */
  add (listener) {
    this.#listeners.add(listener)
  }

  /** @param {() => void} listener */
  remove (listener) {
    this.#listeners.delete(listener)
    if (this.#listeners.size > 0) return
    clearInterval(this.#timer)
    for (const signal of this.#signals) signal.stop?.()
    samplers.delete(this.#intervalMs)
  }

  #sample () {
    this.load = this.#read()
    this.#tell()
  }

  #read () {
    return /** @type {Load} */ (Object.assign({ gcRatio: null }, ...this.#signals.map((signal) => signal.read())))
  }

  #tell () {
    for (const listener of [...this.#listeners]) listener()
  }
}

/**
 * @param {number} intervalMs
 * @param {() => void} listener called after each sample
 * @returns {{ sampler: Sampler, release: () => void }} `release` is idempotent
 */
function acquire (intervalMs, listener) {
  const sampler = samplers.get(intervalMs) ?? new Sampler(intervalMs)
  samplers.set(intervalMs, sampler)
  sampler.add(listener)
  let held = true
  return {
    sampler,
    release () {
      if (held) sampler.remove(listener)
      held = false
    }
  }
}

module.exports = { acquire }
