'use strict'

const { Clients } = require('./clients.js')
const { RequestLog } = require('./request-log.js')
const { PRIORITIES } = require('../accept-queue/priority-rule.js')
const { binding } = require('../native/binding.js')
const { NS_PER_MS } = require('../native/units.js')
const { warn } = require('../native/warn.js')

/**
 * @typedef {'delay' | 'inFlight' | 'maxInFlight' | 'fairShare' | 'priority' | 'deadline'} Reason
 *
 * @typedef {'free' | 'limiting' | 'draining' | 'probing'} ClassState
 *
 * @typedef {import('../requests/tracked-request.js').TrackedRequest} TrackedRequest
 *
 * @typedef {object} ClientFigures of the last seconds, counting only requests that came while some had to be refused
 * @property {string} client its name, shortened to 64 bytes
 * @property {number} share its share of what was served, by cost, 0 to 1
 * @property {number} refused the share of its requests that was refused, 0 to 1
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
const REASONS = [undefined, 'delay', 'inFlight', 'maxInFlight', 'fairShare', 'priority', 'deadline']

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

/** How many clients the figures contain. */
const MOST_SHOWN = 16

const CRITICAL = PRIORITIES.indexOf('critical')
/** The part of the capacity that critical requests may ask for without a warning. */
const MOST_CRITICAL = 0.5
/** One in so many refusals looks at the demand. */
const LOOK_EVERY = 64

/** Replaces the time of admission if a request was refused but is served anyway (dry run). */
const REFUSED = 0

/** The admission controller of one gate. Converts between ms and the ns of the native controller. */
class AdmissionController {
  /** For the spill, which uses it in native code. @type {import('../native/types.js').NativeController} @readonly */
  native
  #maxDelay
  /** @type {RequestLog | undefined} */
  #log
  /** @type {Clients | undefined} */
  #clients
  #priorityOption
  /** @type {import('./priorities.js').Priorities | undefined} */
  #priorities
  /** @type {import('./deadlines.js').Deadlines | undefined} */
  #deadlines
  #refusals = 0
  #hasWarned = false

  /**
   * @param {object} options
   * @param {number | false} options.maxDelay
   * @param {number} [options.maxInFlight]
   * @param {boolean} options.dryRun
   * @param {import('./clients.js').FairBy<any>} [options.fairBy]
   * @param {(client: string) => number} [options.weight]
   * @param {import('./priorities.js').PriorityOption<any>} [options.priority]
   * @param {import('./deadlines.js').DeadlineOption<any> | false} [options.deadline]
   */
  constructor ({ maxDelay, maxInFlight = 0, dryRun, fairBy, weight, priority, deadline = false }) {
    const maxDelayNs = maxDelay === false ? 0 : maxDelay * NS_PER_MS
    this.native = binding.createController(maxDelayNs, maxInFlight, binding.tickMs * NS_PER_MS, Number(dryRun), 1,
      fairBy === undefined ? 0 : randomSeed())
    if (fairBy !== undefined && this.native.enterFor !== undefined) this.#clients = new Clients(fairBy, weight)
    this.#priorityOption = priority
    if (priority !== undefined) this.usePriorities()
    if (deadline !== false && this.native.enterFor !== undefined) {
      const { Deadlines } = require('./deadlines.js') // required on use
      this.#deadlines = new Deadlines(deadline)
      this.native.useDeadlines?.()
    }
    this.#maxDelay = maxDelay
    const { log, drain } = this.native
    if (log !== undefined) this.#log = new RequestLog(log, drain)
  }

  /** Requests have priorities from now on. */
  usePriorities () {
    if (this.#priorities !== undefined || this.native.usePriorities === undefined) return
    const { Priorities } = require('./priorities.js') // required on use
    this.#priorities = new Priorities(this.#priorityOption)
    this.native.usePriorities()
  }

  /**
   * @param {number} classId 0 to 255
   * @param {number} waitNs
   * @param {boolean} queued whether its connection has just come through the accept queue
   * @param {boolean} isNew whether the wait ended in the running turn of the event loop
   * @param {TrackedRequest} trackedRequest
   * @param {any} request the framework's
   * @returns {number | Reason} the time of admission, to be passed to `leave`; or the reason of the refusal
   */
  enter (classId, waitNs, queued, isNew, trackedRequest, request) {
    const patienceNs = this.#deadlines === undefined ? Infinity : this.#deadlines.patienceNs(trackedRequest, request)
    // A request in a turn that has already lasted for a while did wait.
    if (isNew && waitNs === 0 && !queued && patienceNs === Infinity && this.#log?.isOpen) return this.#log.begin(classId)
    const admittedAt = this.#clients === undefined && this.#priorities === undefined && patienceNs === Infinity
      ? this.native.enter(classId, waitNs, queued ? 1 : 0)
      : this.#enterFor(classId, waitNs, queued, trackedRequest, request, patienceNs)
    return admittedAt >= 0 ? admittedAt : /** @type {Reason} */ (REASONS[-admittedAt])
  }

  /**
   * @param {number} classId
   * @param {number} waitNs
   * @param {boolean} queued
   * @param {TrackedRequest} trackedRequest
   * @param {any} request
   * @param {number} patienceNs
   */
  #enterFor (classId, waitNs, queued, trackedRequest, request, patienceNs) {
    const client = this.#clients?.nameOf(trackedRequest, request)
    const weight = client === undefined ? 1 : this.#clients?.weightOf(client)
    const priority = this.#priorities?.of(trackedRequest, request)
    const admittedAt = /** @type {any} */ (this.native).enterFor(classId, waitNs, queued ? 1 : 0, client, weight, priority, patienceNs)
    if (admittedAt < 0 && priority !== undefined && ++this.#refusals % LOOK_EVERY === 0) this.#lookAtCritical()
    return admittedAt
  }

  // If nearly everything is critical, nothing is, and all else is starved.
  #lookAtCritical () {
    if (this.#hasWarned || this.native.priorities === undefined || this.native.priorities()[CRITICAL] <= MOST_CRITICAL) return
    this.#hasWarned = true
    warn('SPILLWAY_CRITICAL', 'Requests with the priority critical ask for more than half of the capacity. Requests with lower ' +
      'priorities get only the rest')
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

  /**
   * @param {TrackedRequest} trackedRequest
   * @returns {string | undefined} its client; undefined without fair shares, or if no client was needed to judge it
   */
  clientOf (trackedRequest) {
    return this.#clients?.knownNameOf(trackedRequest)
  }

  /**
   * @param {TrackedRequest} trackedRequest
   * @returns {import('./priorities.js').Priority | undefined} undefined without priorities, or if no priority was needed to
   *   judge it
   */
  priorityOf (trackedRequest) {
    return this.#priorities?.nameOf(trackedRequest)
  }

  /** @returns {{ priorities?: import('./priorities.js').Figures }} empty without priorities */
  priorityFigures () {
    if (this.#priorities === undefined) return {}
    const list = /** @type {any} */ (this.native).priorities()
    const demand = /** @type {any} */ (Object.fromEntries(PRIORITIES.map((name, i) => [name, list[i]])))
    return { priorities: { cutoff: PRIORITIES[list[PRIORITIES.length]], demand } }
  }

  /**
   * @returns {{ fairRate?: number, clients?: ClientFigures[] }} empty without fair shares
   */
  clientFigures () {
    if (this.#clients === undefined) return {}
    const list = this.native.clients?.(0) ?? []
    const clients = []
    for (let i = 0; i < list.length; i += 3) clients.push({ client: list[i], share: list[i + 1], refused: list[i + 2] })
    clients.sort((a, b) => b.share - a.share)
    return { fairRate: this.native.snapshot().fairRate, clients: clients.slice(0, MOST_SHOWN) }
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

/** @returns {number} for the names of clients, so that nobody outside can predict where their figures are kept */
function randomSeed () {
  const { randomInt } = require('node:crypto') // required on use
  return randomInt(1, 2 ** 47)
}

/**
 * @param {number} sinceNs by the clock of `process.hrtime()`; 0 if it has never begun
 * @returns {number} the time since then, in ms
 */
function sinceMs (sinceNs) {
  return sinceNs > 0 ? Number(process.hrtime.bigint()) / NS_PER_MS - sinceNs / NS_PER_MS : 0
}

module.exports = { AdmissionController, CLASS_STATES, STATE_REASONS }
