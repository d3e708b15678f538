'use strict'

const { clientRule } = require('../accept-queue/client-rule.js')
const { isFunction, isNumber } = require('../options/rows.js')
const { binding } = require('../native/binding.js')

/**
 * @typedef {import('../requests/tracked-request.js').TrackedRequest} TrackedRequest
 *
 * @typedef {object} ByHeader
 * @property {string} header the name of a request header; the client is its value
 *
 * @typedef {object} ByForwarded
 * @property {number} forwarded how many proxies in front of the server are trusted: the client is the address that the
 *   outermost of them has seen
 * @property {string} [header] the header to which each proxy appends that address; default: `'x-forwarded-for'`
 */

/**
 * @template Request
 * @typedef {'address' | ByHeader | ByForwarded | ((request: Request) => string)} FairBy
 */

/** The client of all requests that do not name one. */
const NO_CLIENT = '(none)'
const LEAST_WEIGHT = 0.001
const MOST_WEIGHT = 1000

/** Finds the client of each request, and its weight. */
class Clients {
  #nameOf
  #weight

  /**
   * @param {FairBy<any>} fairBy
   * @param {((client: string) => number) | undefined} weight
   */
  constructor (fairBy, weight) {
    this.#nameOf = naming(fairBy)
    this.#weight = weight && weighing(weight)
  }

  /**
   * @param {TrackedRequest} trackedRequest
   * @param {any} request the framework's
   * @returns {string}
   */
  nameOf (trackedRequest, request) {
    const known = this.knownNameOf(trackedRequest)
    if (known !== undefined) return known
    const name = this.#nameOf(trackedRequest.raw, request) || NO_CLIENT
    trackedRequest.client = { by: this, name }
    return name
  }

  /**
   * @param {TrackedRequest} trackedRequest
   * @returns {string | undefined} undefined if `nameOf` has not been called for the request
   */
  knownNameOf ({ client }) {
    return client?.by === this ? client.name : undefined
  }

  /** @param {string} client @returns {number} */
  weightOf (client) {
    return this.#weight?.(client) ?? 1
  }
}

/**
 * @param {FairBy<any>} fairBy
 * @returns {(raw: any, request: any) => string | undefined}
 */
function naming (fairBy) {
  if (isFunction(fairBy)) return byFunction(/** @type {(request: any) => string} */ (fairBy))
  const { header, proxies } = clientRule(fairBy)
  if (header === '') return addressOf
  if (proxies === 0) return ({ headers }) => textOf(headers[header])
  return (raw) => binding.clientOfForwarded(textOf(raw.headers[header]) ?? '', proxies) || addressOf(raw)
}

/** @param {any} raw Node's request, or a StreamRequest */
function addressOf (raw) {
  const socket = raw.stream?.session?.socket ?? raw.socket
  return binding.clientOfAddress(socket?.remoteAddress ?? '')
}

/** @param {string | string[] | undefined} value of a header */
function textOf (value) {
  return Array.isArray(value) ? value.join(', ') : value
}

/** @param {(request: any) => string} fairBy */
function byFunction (fairBy) {
  const { settled, userFunction } = require('../options/user-function.js') // required on use
  const nameOf = userFunction('fairBy', 'SPILLWAY_FAIR_BY', (/** @type {any} */ request) => {
    const name = settled(fairBy(request))
    return name === undefined || name === null ? NO_CLIENT : String(name)
  })
  return (/** @type {any} */ raw, /** @type {any} */ request) => nameOf(request)
}

/**
 * @param {(client: string) => number} weight
 * @returns {(client: string) => number | undefined}
 */
function weighing (weight) {
  const { settled, userFunction } = require('../options/user-function.js') // required on use
  return userFunction('weight', 'SPILLWAY_WEIGHT', (/** @type {string} */ client) => {
    const value = settled(weight(client))
    if (isNumber(value) && value >= LEAST_WEIGHT && value <= MOST_WEIGHT) return value
    throw new RangeError(`it must return a number from ${LEAST_WEIGHT} to ${MOST_WEIGHT}, got ${value}`)
  })
}

module.exports = { Clients }
