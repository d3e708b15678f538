'use strict'

const { meanRetryS, retryAfterSeconds } = require('./refusal.js')
const { NS_PER_MS } = require('../native/units.js')

/**
 * @typedef {import('./options.js').ShedInfo} ShedInfo
 *
 * @typedef {Record<import('../admission/controller.js').Reason | 'spill' | 'handshake', number> &
 *   Partial<Record<import('../limits/index.js').LimitReason, number>>} ShedBy includes only those limits on the process that
 *   have caused a refusal
 */

/** Counts a gate's refusals and reports them to the user's `onShed`. */
class Refusals {
  /** The refusals of the spill are counted in native code. @type {ShedBy} */
  byReason = { delay: 0, inFlight: 0, maxInFlight: 0, fairShare: 0, priority: 0, deadline: 0, spill: 0, handshake: 0 }
  #options
  #onShed
  #controller
  #classes
  #inFlight

  /**
   * @param {any} options of the gate, checked and complete
   * @param {object} sources
   * @param {import('../admission/controller.js').AdmissionController} sources.controller
   * @param {ReturnType<import('../admission/classify.js').classifier>} sources.classes
   * @param {import('./in-flight.js').InFlight} sources.inFlight
   */
  constructor (options, { controller, classes, inFlight }) {
    this.#options = options
    this.#onShed = createOnShed(options)
    this.#controller = controller
    this.#classes = classes
    this.#inFlight = inFlight
  }

  /** Whether the user has set `onShed`. Otherwise `reportSpill` has no effect. */
  get areReported () {
    return this.#onShed !== undefined
  }

  /**
   * @param {{ reason: ShedInfo['reason'], value?: number, limit?: number }} refusal
   * @param {import('./gate.js').Visit} visit
   * @returns {ShedInfo}
   */
  add ({ reason, ...limit }, { trackedRequest, request, classId, waitNs }) {
    const waitMs = waitNs / NS_PER_MS
    const { maxDelay, retryAfter, dryRun } = this.#options
    this.byReason[reason] = (this.byReason[reason] ?? 0) + 1
    /** @type {ShedInfo} */
    const info = {
      reason,
      count: 1,
      class: this.#classes.nameOf(classId),
      waitMs,
      delayLimitMs: this.#controller.delayLimitMs(),
      source: trackedRequest.source,
      inFlight: reason === 'inFlight' ? this.#controller.inFlightOf(classId) : this.#inFlight.count,
      retryAfter: retryAfterSeconds(retryAfter, meanRetryS(reason, waitMs, maxDelay)),
      ...limit,
      dryRun
    }
    const client = this.#controller.clientOf(trackedRequest)
    if (client !== undefined) info.client = client
    const priority = this.#controller.priorityOf(trackedRequest)
    if (priority !== undefined) info.priority = priority
    this.#onShed?.(info, request)
    return info
  }

  /** @param {import('../accept-queue/spill.js').SpillReport} report */
  reportSpill ({ reason, count, waitMs, retryAfter }) {
    this.#onShed?.({
      reason,
      count,
      class: '*',
      waitMs,
      delayLimitMs: this.#controller.delayLimitMs(),
      source: 'kernel',
      inFlight: this.#inFlight.count,
      retryAfter,
      dryRun: false
    }, undefined)
  }
}

/**
 * @param {any} options
 * @returns {((info: ShedInfo, request: any) => void) | undefined}
 */
function createOnShed ({ onShed }) {
  if (onShed === undefined) return undefined
  const { userFunction } = require('../options/user-function.js') // required on use
  return userFunction('onShed', 'SPILLWAY_ON_SHED', onShed)
}

module.exports = { Refusals }
