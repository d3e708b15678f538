'use strict'

const { backend, binding } = require('../native/binding.js')
const { NS_PER_MS } = require('../admission/controller.js')

/**
 * @typedef {import('./options.js').ShedInfo} ShedInfo
 *
 * @typedef {object} GateStats counts since the gate was made
 * @property {number} admitted requests that passed
 * @property {number} exempt requests that were not judged
 * @property {number} shed requests refused, in all
 * @property {ShedBy} shedBy the same by reason
 * @property {number} wouldShed requests that `dryRun` let pass, though they were to be refused
 * @property {number} droppedConnections connections closed as they came, because descriptors had all but run out
 * @property {number} inFlight requests admitted and not yet answered
 * @property {number[]} lastWaits what the last requests (at most 32, oldest first) had waited, ms
 * @property {import('../limits/sampler.js').Load} load what the limits are judged by
 *
 * @typedef {Record<import('../admission/controller.js').Reason | 'spill', number> & Partial<Record<import('../limits/index.js').LimitReason, number>>} ShedBy
 *   of the limits on the process, those that have refused
 *
 * @typedef {object} ClassSnapshot
 * @property {string} class `'*'` for the one shared by all that were not seen often
 * @property {number} inFlight
 * @property {boolean} enforcing whether the limit is enforced, since a queue was evident
 * @property {number} limit how many may be in flight while it is enforced
 * @property {number} capacity X: what it completes a second when it may
 * @property {number} noLoadMs R: its response time when nothing queues
 * @property {number} arrivalRate a second
 * @property {number} completionRate a second
 *
 * @typedef {object} GateSnapshot
 * @property {'native' | 'js'} backend
 * @property {'kernel' | 'loop'} source who measures the waits of requests over TCP
 * @property {number} tickMs resolution of the kernel's waits, ms; 0 where it has none
 * @property {number | false} maxDelay ms
 * @property {boolean} dryRun
 * @property {boolean} closed
 * @property {number} lagMs smoothed event-loop lag
 * @property {number} delayMs what a request arriving now would wait before its handler
 * @property {number} meanTurnMs mean busy time of the loop's recent turns
 * @property {number} utilization share of the last interval in which the loop was not asleep, 0 to 1
 * @property {boolean} queueing whether a queue stands: most waits are long
 * @property {number} delayLimitMs what a request may have waited now; Infinity where maxDelay is false
 * @property {import('../limits/index.js').LimitSnapshot[]} limits those on the process that are set
 * @property {ClassSnapshot[]} classes
 * @property {import('../accept-queue/spill.js').SpillSnapshot} spill
 */

const REMEMBERED_WAITS = 32

/** What a gate counts, and tells of itself. */
class GateFigures {
  admitted = 0
  exempt = 0
  closed = false
  #options
  #controller
  #classes
  #spill
  #limits
  #reserve
  #inFlight
  /** @type {ShedBy} */
  #refusals = { delay: 0, inFlight: 0, maxInFlight: 0, spill: 0 }
  #waits = new Float64Array(REMEMBERED_WAITS)
  #waitCount = 0

  /**
   * @param {{ maxDelay: number | false, dryRun: boolean }} options
   * @param {import('../admission/controller.js').NativeController} controller
   * @param {ReturnType<import('../admission/classify.js').classifier>} classes
   * @param {import('../limits/index.js').Limits} limits
   * @param {import('../accept-queue/spill.js').Spill} spill
   * @param {import('../limits/descriptor-reserve.js').DescriptorReserve} reserve
   * @param {import('./in-flight.js').InFlight} inFlight
   */
  constructor (options, controller, classes, limits, spill, reserve, inFlight) {
    this.#options = options
    this.#controller = controller
    this.#classes = classes
    this.#limits = limits
    this.#spill = spill
    this.#reserve = reserve
    this.#inFlight = inFlight
  }

  /** @param {number} waitMs */
  remember (waitMs) {
    this.#waits[this.#waitCount++ % REMEMBERED_WAITS] = waitMs
  }

  /** @param {ShedInfo['reason']} reason */
  countRefusal (reason) {
    this.#refusals[reason] = (this.#refusals[reason] ?? 0) + 1
  }

  /** @returns {GateStats} */
  stats () {
    const refusals = Object.values(this.#refusals).reduce((sum, count) => sum + count)
    const { dryRun } = this.#options
    const { spilled } = this.#spill
    return {
      admitted: this.admitted,
      exempt: this.exempt,
      shed: dryRun ? 0 : refusals + spilled,
      shedBy: { ...this.#refusals, spill: spilled },
      wouldShed: dryRun ? refusals : 0,
      droppedConnections: this.#reserve.dropped,
      inFlight: this.#inFlight.count,
      lastWaits: this.#lastWaits(),
      load: this.#limits.load
    }
  }

  #lastWaits () {
    const oldest = Math.max(0, this.#waitCount - REMEMBERED_WAITS)
    return Array.from({ length: this.#waitCount - oldest }, (_, i) => this.#waits[(oldest + i) % REMEMBERED_WAITS])
  }

  /** What a request may have waited now; without maxDelay the admission controller has a figure, and does not use it. */
  delayLimitMs () {
    return this.#options.maxDelay === false ? Infinity : this.#controller.waitLimit(0) / NS_PER_MS
  }

  /** @returns {GateSnapshot} */
  snapshot () {
    const { maxDelay, dryRun } = this.#options
    return {
      backend,
      source: binding.kernelWaits ? 'kernel' : 'loop',
      tickMs: binding.tickMs,
      maxDelay,
      dryRun,
      closed: this.closed,
      lagMs: binding.lag(),
      delayMs: binding.delay(),
      meanTurnMs: binding.meanTurn(),
      utilization: binding.utilization(),
      queueing: maxDelay !== false && this.#controller.snapshot().standing,
      delayLimitMs: this.delayLimitMs(),
      limits: this.#limits.snapshot(),
      classes: this.#classes.ids().map((id) => this.#classSnapshot(id)),
      spill: this.#spill.snapshot()
    }
  }

  /**
   * @param {number} id
   * @returns {ClassSnapshot}
   */
  #classSnapshot (id) {
    const figures = this.#controller.snapshotOf(id)
    return {
      class: this.#classes.nameOf(id),
      inFlight: figures.inFlight,
      enforcing: figures.enforcing,
      limit: figures.cap,
      capacity: figures.capacity,
      noLoadMs: figures.noLoadNs / NS_PER_MS,
      arrivalRate: figures.arrivalRate,
      completionRate: figures.rate
    }
  }
}

module.exports = { GateFigures }
