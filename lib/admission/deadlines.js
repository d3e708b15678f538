'use strict'

const { NS_PER_MS } = require('../native/units.js')
const { isFunction, isNumber } = require('../options/rows.js')

/**
 * @typedef {import('../requests/tracked-request.js').TrackedRequest} TrackedRequest
 *
 * @typedef {object} DeadlineHeader
 * @property {string} header the name of a request header with a number of ms
 */

/**
 * @template Request
 * @typedef {true | DeadlineHeader | ((request: Request) => number | undefined)} DeadlineOption
 */

const MS = /^\d{1,9}(\.\d{1,9})?$/
/** PROTOCOL-HTTP2.md of gRPC: at most 8 digits, and a unit. */
const GRPC_TIMEOUT = /^(\d{1,8})([HMSmun])$/
/** @type {Record<string, number>} in ms */
const UNITS = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }

/** Finds out how long the client of each request waits for the response, from when it has sent the request. */
class Deadlines {
  #patienceMs

  /** @param {DeadlineOption<any>} deadline */
  constructor (deadline) {
    this.#patienceMs = reading(deadline)
  }

  /**
   * Also sets the request's `deadlineAt`.
   *
   * @param {TrackedRequest} trackedRequest
   * @param {any} request the framework's
   * @returns {number} ns; Infinity if that is not known
   */
  patienceNs (trackedRequest, request) {
    const ms = this.#patienceMs(trackedRequest.raw, request)
    if (ms === undefined) return Infinity
    trackedRequest.deadlineAt = performance.now() + ms - trackedRequest.waitNs / NS_PER_MS
    return ms * NS_PER_MS
  }
}

/**
 * @param {DeadlineOption<any>} deadline
 * @returns {(raw: any, request: any) => number | undefined}
 */
function reading (deadline) {
  if (isFunction(deadline)) return byFunction(/** @type {(request: any) => number | undefined} */ (deadline))
  if (deadline === true) return ({ headers }) => smaller(grpcTimeout(headers['grpc-timeout']), msOf(headers['x-envoy-expected-rq-timeout-ms']))
  const name = /** @type {DeadlineHeader} */ (deadline).header.toLowerCase()
  return ({ headers }) => msOf(headers[name])
}

/** @param {number | undefined} a @param {number | undefined} b */
function smaller (a, b) {
  return a === undefined || b === undefined ? a ?? b : Math.min(a, b)
}

/** @param {unknown} value of a header */
function msOf (value) {
  return typeof value === 'string' && MS.test(value) ? Number(value) : undefined
}

/** @param {unknown} value of the header grpc-timeout */
function grpcTimeout (value) {
  const [, digits, unit] = (typeof value === 'string' && GRPC_TIMEOUT.exec(value)) || []
  return digits === undefined ? undefined : Number(digits) * UNITS[unit]
}

/** @param {(request: any) => number | undefined} deadline */
function byFunction (deadline) {
  const { settled, userFunction } = require('../options/user-function.js') // required on use
  const given = userFunction('deadline', 'SPILLWAY_DEADLINE', (/** @type {any} */ request) => {
    const ms = settled(deadline(request))
    if (ms !== undefined && !(isNumber(ms) && ms >= 0)) throw new RangeError(`it must return a number of ms from 0 up, or undefined, got ${ms}`)
    return ms === Infinity ? undefined : ms
  })
  return (/** @type {any} */ raw, /** @type {any} */ request) => given(request)
}

module.exports = { Deadlines }
