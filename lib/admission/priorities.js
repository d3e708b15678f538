'use strict'

const { NORMAL, PRIORITIES, priorityRule } = require('../accept-queue/priority-rule.js')
const { isFunction } = require('../options/rows.js')
const { settled, userFunction } = require('../options/user-function.js')
const { PathPatterns } = require('../requests/path-patterns.js')

/**
 * @typedef {import('../requests/tracked-request.js').TrackedRequest} TrackedRequest
 *
 * @typedef {'critical' | 'important' | 'normal' | 'background'} Priority
 *
 * @typedef {object} Figures of the requests of the last second. They count only requests that came while some had to be
 *   refused
 * @property {Priority} cutoff the level at which the capacity of the event loop runs out. Requests of higher levels are
 *   served; those of lower levels get what is left over
 * @property {Record<Priority, number>} demand the part of the event loop's time that the requests of each level ask for;
 *   1 is all of it
 */

/**
 * @template Request
 * @typedef {object} PriorityRules
 * @property {string | string[]} [critical] paths of the most important requests
 * @property {string | string[]} [important]
 * @property {string | string[]} [normal] the priority of all requests that have no other
 * @property {string | string[]} [background] paths of the requests that are refused first
 * @property {string} [header] the name of a request header that may name a lower priority
 * @property {string | string[] | ((request: Request) => boolean)} [trust] whose header may name a higher priority too:
 *   addresses, ranges of addresses (CIDR), or a function of the request
 */

/**
 * @template Request
 * @typedef {PriorityRules<Request> | ((request: Request) => Priority | undefined)} PriorityOption
 */

/** Finds the priority of each request. */
class Priorities {
  #byOption

  /** @param {PriorityOption<any> | undefined} priority */
  constructor (priority) {
    this.#byOption = isFunction(priority)
      ? byFunction(/** @type {(request: any) => unknown} */ (priority))
      : byRules(/** @type {PriorityRules<any> | undefined} */ (priority))
  }

  /**
   * @param {TrackedRequest} trackedRequest
   * @param {any} request the framework's
   * @returns {number} its position in PRIORITIES
   */
  of (trackedRequest, request) {
    const known = trackedRequest.priority
    if (known?.by === this) return known.value
    const value = this.#byOption(trackedRequest, request)
    trackedRequest.priority = { by: this, value }
    return value
  }

  /**
   * @param {TrackedRequest} trackedRequest
   * @returns {Priority | undefined} undefined if `of` has not been called for the request
   */
  nameOf ({ priority }) {
    return priority?.by === this ? PRIORITIES[priority.value] : undefined
  }
}

/**
 * @param {PriorityRules<any> | undefined} rules
 * @returns {(trackedRequest: TrackedRequest, request: any) => number}
 */
function byRules (rules) {
  const { paths, header } = priorityRule(rules)
  const patterns = new PathPatterns(paths)
  const own = (/** @type {TrackedRequest} */ { routePriority, url }) => routePriority ?? patterns.find(url) ?? NORMAL
  if (header === '') return own
  const trusts = trustTest(rules?.trust)
  return (trackedRequest, request) => {
    const value = own(trackedRequest)
    const named = positionOf(trackedRequest.raw.headers[header])
    const isAllowed = named > value || (named >= 0 && named < value && trusts(trackedRequest.raw, request))
    return isAllowed ? named : value
  }
}

/** @param {unknown} name @returns {number} negative if there is no such priority */
function positionOf (name) {
  return typeof name === 'string' ? PRIORITIES.indexOf(/** @type {any} */ (name.trim().toLowerCase())) : -1
}

/**
 * @param {PriorityRules<any>['trust']} trust
 * @returns {(raw: any, request: any) => boolean}
 */
function trustTest (trust) {
  if (trust === undefined) return () => false
  if (typeof trust === 'function') {
    const trusts = userFunction('priority.trust', 'SPILLWAY_PRIORITY', (/** @type {any} */ request) => settled(trust(request)))
    return (raw, request) => Boolean(trusts(request))
  }
  const { BlockList, isIPv6 } = require('node:net') // required on use
  const familyOf = (/** @type {string} */ address) => isIPv6(address) ? 'ipv6' : 'ipv4'
  const list = new BlockList()
  for (const range of [trust].flat()) {
    const [address, bits] = range.split('/')
    if (bits === undefined) list.addAddress(address, familyOf(address))
    else list.addSubnet(address, Number(bits), familyOf(address))
  }
  return (raw) => {
    const { remoteAddress } = raw.stream?.session?.socket ?? raw.socket ?? {}
    return remoteAddress !== undefined && list.check(remoteAddress, familyOf(remoteAddress))
  }
}

/** @param {(request: any) => unknown} priority */
function byFunction (priority) {
  const given = userFunction('priority', 'SPILLWAY_PRIORITY', (/** @type {any} */ request) => {
    const name = settled(priority(request))
    const position = PRIORITIES.indexOf(/** @type {any} */ (name))
    if (name !== undefined && position < 0) throw new RangeError(`it must return one of ${PRIORITIES.join(', ')}, got ${name}`)
    return name === undefined ? undefined : position
  })
  return (/** @type {TrackedRequest} */ { routePriority }, /** @type {any} */ request) => given(request) ?? routePriority ?? NORMAL
}

module.exports = { Priorities }
