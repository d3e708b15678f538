'use strict'

const { RequestLog } = require('./request-log.js')
const { binding } = require('../native/binding.js')
const { NS_PER_MS } = require('../native/units.js')

/**
 * @typedef {'delay' | 'inFlight' | 'maxInFlight'} Reason
 *
 * @typedef {'free' | 'limiting' | 'draining' | 'probing'} ClassState
 *
 * @typedef {object} QueueFigures
 * @property {boolean} queueing whether a queue stands: most requests wait long, and the loop cannot serve all of them;
 *   false without a delay limit
 * @property {string} queueReason why the queue stands or does not: one of QUEUE_REASONS
 * @property {number} queueStateMs for how long it has stood, or not stood; 0 if it has never stood
 * @property {number} load the loop time that the requests of a second need, in seconds. Above 1, the loop cannot serve
 *   all of them
 *
 * @typedef {object} ClassFigures
 * @property {number} inFlight
 * @property {ClassState} state what the concurrency limit does: one of CLASS_STATES
 * @property {string} stateReason why: one of STATE_REASONS
 * @property {number} stateMs for how long the class has been in this state; 0 if it has always been
 * @property {number} limit how many requests may be in flight at once, unless the state is 'free'
 * @property {number} capacity X: how many requests it can complete per second
 * @property {number} noLoadMs R: the no-load response time
 * @property {number} queueMs Q: the queueing time that the limit allows
 * @property {number} arrivalRate per second
 * @property {number} completionRate per second
 */

/** Indexed by the number of the verdict. @type {(Reason | undefined)[]} */
const REASONS = [undefined, 'delay', 'inFlight', 'maxInFlight']

/** Indexed by the number of the QueueReason in src/admission/queue_delay.h. */
const QUEUE_REASONS = [
  'start', 'accept queue waits', 'kept-alive waits', 'accept queue length', 'few refused', 'idle beside refusals'
]

/** Indexed by the number of the ClassState in src/admission/class_state.h. @type {ClassState[]} */
const CLASS_STATES = ['free', 'limiting', 'draining', 'probing']

/** Indexed by the number of the StateReason in src/admission/class_state.h. */
const STATE_REASONS = [
  'start', 'nothing refused', 'queue', 'queue of small classes', 'separated', 'probe due', 'slow', 'capacity changed',
  'still faster', 'seems slower', 'other class probed', 'drained', 'drained too long', 'measured'
]

/** Replaces the time of admission if a request was refused but is served anyway (dry run). */
const REFUSED = 0

/** The admission controller of one gate. Converts between ms and the ns of the native controller. */
class AdmissionController {
  /** For the spill, which uses it in native code. @type {import('../native/types.js').NativeController} @readonly */
  native
  #maxDelay
  /** @type {RequestLog | undefined} */
  #log

  /** @param {{ maxDelay: number | false, maxInFlight: number | undefined, dryRun: boolean }} options */
  constructor ({ maxDelay, maxInFlight = 0, dryRun }) {
    const maxDelayNs = maxDelay === false ? 0 : maxDelay * NS_PER_MS
    this.native = binding.createController(maxDelayNs, maxInFlight, binding.tickMs * NS_PER_MS, Number(dryRun), 1, 0)
    this.#maxDelay = maxDelay
    const { log, drain } = this.native
    if (log !== undefined) this.#log = new RequestLog(log, drain)
  }

  /**
   * @param {number} classId 0 to 255
   * @param {number} waitNs
   * @param {boolean} queued whether its connection has just come through the accept queue
   * @param {boolean} isNew whether the wait ended in the running turn of the event loop
   * @returns {number | Reason} the time of admission, to be passed to `leave`; or the reason of the refusal
   */
  enter (classId, waitNs, queued, isNew) {
    // A request in a turn that has already lasted for a while did wait.
    if (isNew && waitNs === 0 && !queued && this.#log?.isOpen) return this.#log.begin(classId)
    const admittedAt = this.native.enter(classId, waitNs, queued ? 1 : 0)
    return admittedAt >= 0 ? admittedAt : /** @type {Reason} */ (REASONS[-admittedAt])
  }

  /**
   * Must be called once for each admitted request and, in a dry run, once for each refused request.
   *
   * @param {number} classId
   * @param {number | null} admittedAt what `enter` returned; null if it refused the request
   * @param {number} outcome one of OUTCOME (lib/requests/outcome.js)
   */
  leave (classId, admittedAt, outcome) {
    if (admittedAt !== null && this.#log?.isOpen) this.#log.end(classId, admittedAt, outcome)
    else this.native.leave(classId, admittedAt ?? REFUSED, outcome)
  }

  /**
   * @param {number} classId
   * @returns {boolean} whether the number can now be used for another class; false while requests of the class are in
   *   flight
   */
  forget (classId) {
    return this.native.forget(classId)
  }

  /**
   * Separates a class from class 0, which its requests belonged to until now.
   *
   * @param {number} classId which has had no requests yet
   * @param {number} share of the requests of class 0 that belong to the new class, 0 to 1
   */
  split (classId, share) {
    this.native.split(classId, share)
  }

  /** @returns {number} how long a request may currently have waited before its handler; Infinity without a delay limit */
  delayLimitMs () {
    return this.#maxDelay === false ? Infinity : this.native.delayLimitNs(0) / NS_PER_MS
  }

  /** @returns {QueueFigures} */
  queueFigures () {
    const { queueing, queueReason, queueSince, load } = this.native.snapshot()
    return {
      queueing: this.#maxDelay !== false && queueing,
      queueReason: /** @type {string} */ (QUEUE_REASONS[queueReason]),
      queueStateMs: sinceMs(queueSince),
      load
    }
  }

  /** @param {number} classId */
  inFlightOf (classId) {
    return this.native.inFlightOf(classId)
  }

  /**
   * @param {number} classId
   * @returns {number} the longest time that a recent request of the class took
   */
  longestMs (classId) {
    return this.native.snapshotOf(classId).longestNs / NS_PER_MS
  }

  /**
   * @param {number} classId
   * @returns {ClassFigures}
   */
  figuresOf (classId) {
    const figures = this.native.snapshotOf(classId)
    return {
      inFlight: figures.inFlight,
      state: /** @type {ClassState} */ (CLASS_STATES[figures.state]),
      stateReason: /** @type {string} */ (STATE_REASONS[figures.stateReason]),
      stateMs: sinceMs(figures.stateSince),
      limit: figures.cap,
      capacity: figures.capacity,
      noLoadMs: figures.noLoadNs / NS_PER_MS,
      queueMs: figures.queueNs / NS_PER_MS,
      arrivalRate: figures.arrivalRate,
      completionRate: figures.rate
    }
  }
}

/**
 * @param {number} sinceNs by the clock of `process.hrtime()`; 0 if it has never begun
 * @returns {number} the time since then, in ms
 */
function sinceMs (sinceNs) {
  return sinceNs > 0 ? Number(process.hrtime.bigint()) / NS_PER_MS - sinceNs / NS_PER_MS : 0
}

module.exports = { AdmissionController, CLASS_STATES, STATE_REASONS }
