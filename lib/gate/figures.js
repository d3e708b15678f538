'use strict'

const { backend, binding } = require('../native/binding.js')
const { NS_PER_MS } = require('../native/units.js')

/**
 * @typedef {object} GateStats counts since the gate was created
 * @property {number} admitted requests admitted
 * @property {number} exempt requests that were exempt, and so not judged
 * @property {number} shed requests refused, in total
 * @property {import('./refusals.js').ShedBy} shedBy requests refused, by reason
 * @property {number} wouldShed requests that would have been refused without `dryRun`
 * @property {number} droppedConnections connections closed on arrival because almost no file descriptors were left
 * @property {number} inFlight admitted requests that have not ended
 * @property {number[]} lastWaits how long each of the last requests had waited, ms: at most 32, the oldest first
 * @property {import('../limits/sampler.js').Load} load the figures that the limits on the process apply to
 *
 * @typedef {object} ClassSnapshot
 * @property {string} class `'*'` for the class shared by all requests that have none of their own
 * @property {number} inFlight
 * @property {'free' | 'limiting' | 'draining' | 'probing'} state what the concurrency limit does. 'free': nothing, because
 *   no queue has been detected. 'draining' and 'probing': it is lower for a while, to measure `noLoadMs`
 * @property {string} stateReason why the class is in this state (docs/algorithm.md)
 * @property {number} stateMs for how long it has been in this state; 0 if it has always been
 * @property {number} limit requests that may be in flight at once, unless the state is 'free'
 * @property {number} capacity X: how many requests it can complete per second
 * @property {number} noLoadMs R: its no-load response time, that is, the response time when nothing queues
 * @property {number} queueMs Q: the queueing time that the limit allows
 * @property {number} arrivalRate requests per second
 * @property {number} completionRate requests per second
 *
 * @typedef {object} GateSnapshot
 * @property {'native' | 'js'} backend
 * @property {'kernel' | 'loop'} source what measures how long a request over TCP waited
 * @property {number} tickMs resolution of the kernel's figures, ms; 0 if it has none
 * @property {number | false} maxDelay ms
 * @property {boolean} dryRun
 * @property {boolean} closed
 * @property {number} lagMs smoothed event-loop lag
 * @property {number} delayMs how long a request arriving now would wait before its handler
 * @property {number} meanTurnMs mean busy time of recent turns of the event loop
 * @property {number} utilization share of the last interval in which the event loop was not idle, 0 to 1
 * @property {boolean} queueing whether a queue stands: most requests wait long, and the loop cannot serve all of them
 * @property {string} queueReason why the queue stands or does not: 'accept queue waits', 'kept-alive waits' or 'accept
 *   queue length'; 'start', 'few refused' or 'idle beside refusals'
 * @property {number} queueStateMs for how long it has stood, or not stood; 0 if it has never stood
 * @property {number} load the loop time that the requests of a second need, in seconds. Above 1, the loop cannot serve
 *   all of them
 * @property {number} delayLimitMs how long a request may currently have waited; Infinity if maxDelay is false
 * @property {number} [fairRate] with `fairBy`: how much of the event loop's time a client with a weight of 1 may use, 0 to 1;
 *   1 while nothing has to be refused
 * @property {import('../admission/controller.js').ClientFigures[]} [clients] with `fairBy`: the clients that have recently
 *   used most, at most 16, the largest share first
 * @property {import('../admission/priorities.js').Figures} [priorities] with priorities: how much of the capacity each asks for
 * @property {import('../limits/index.js').LimitSnapshot[]} limits the limits on the process that are set
 * @property {ClassSnapshot[]} classes
 * @property {import('../accept-queue/spill.js').SpillSnapshot} spill
 *
 * @typedef {object} Sources where the figures come from
 * @property {import('../admission/controller.js').AdmissionController} controller
 * @property {ReturnType<import('../admission/classify.js').classifier>} classes
 * @property {import('../limits/index.js').Limits} limits
 * @property {ReturnType<import('../accept-queue/index.js').createSpill>} spill
 * @property {import('./refusals.js').Refusals} refusals
 * @property {import('./in-flight.js').InFlight} inFlight
 */

const REMEMBERED_WAITS = 32

/** Counts what a gate admits, and assembles its figures. */
class GateFigures {
  admitted = 0
  exempt = 0
  #options
  #sources
  #waits = new Float64Array(REMEMBERED_WAITS)
  #waitCount = 0

  /**
   * @param {{ maxDelay: number | false, dryRun: boolean }} options
   * @param {Sources} sources
   */
  constructor (options, sources) {
    this.#options = options
    this.#sources = sources
  }

  /** @param {number} waitNs */
  recordWait (waitNs) {
    this.#waits[this.#waitCount++ % REMEMBERED_WAITS] = waitNs
  }

  /**
   * @param {number} droppedConnections
   * @returns {GateStats}
   */
  stats (droppedConnections) {
    const { limits, spill, refusals: { byReason }, inFlight } = this.#sources
    const { dryRun } = this.#options
    const refusals = Object.values(byReason).reduce((sum, count) => sum + count)
    const { spilled, handshakes } = spill.snapshot()
    return {
      admitted: this.admitted,
      exempt: this.exempt,
      shed: dryRun ? 0 : refusals + spilled + handshakes,
      shedBy: { ...byReason, spill: spilled, handshake: handshakes },
      wouldShed: dryRun ? refusals : 0,
      droppedConnections,
      inFlight: inFlight.count,
      lastWaits: this.#lastWaits(),
      load: limits.load
    }
  }

  #lastWaits () {
    const oldest = Math.max(0, this.#waitCount - REMEMBERED_WAITS)
    return Array.from({ length: this.#waitCount - oldest }, (_, i) => this.#waits[(oldest + i) % REMEMBERED_WAITS] / NS_PER_MS)
  }

  /**
   * @param {boolean} closed
   * @returns {GateSnapshot}
   */
  snapshot (closed) {
    const { controller, classes, limits, spill } = this.#sources
    const { maxDelay, dryRun } = this.#options
    return {
      backend,
      source: binding.kernelWaits ? 'kernel' : 'loop',
      tickMs: binding.tickMs,
      maxDelay,
      dryRun,
      closed,
      lagMs: binding.lag(),
      delayMs: binding.delay(),
      meanTurnMs: binding.meanTurn(),
      utilization: binding.utilization(),
      ...controller.queueFigures(),
      delayLimitMs: controller.delayLimitMs(),
      ...controller.clientFigures(),
      ...controller.priorityFigures(),
      limits: limits.snapshot(),
      classes: classes.ids().map((id) => ({ class: classes.nameOf(id), ...controller.figuresOf(id) })),
      spill: spill.snapshot()
    }
  }
}

module.exports = { GateFigures }
