'use strict'

const { limitOptions } = require('../limits/options.js')
const {
  booleanRow, functionRow, isArrayOfStrings, isFieldName, isFunction, isNumber, isPathPattern, isPlainObject, isString, wholeNumberRow
} = require('../options/rows.js')

/**
 * The options that all adapters share. The checks, the defaults and the documentation use the same table.
 *
 * @template Request the framework's own request: that of Express, Fastify, Hapi or Node, or a Koa context
 * @typedef {import('../limits/options.js').LimitOptions & AdmissionOptions<Request>} GateOptions
 */

/**
 * @template Request
 * @typedef {object} AdmissionOptions
 * @property {number | false} [maxDelay] how many ms a request may have waited before its handler; false: no limit
 * @property {string | string[] | ((request: Request) => boolean)} [exempt] requests that are never shed, and are counted
 *   separately. Paths are compared with the path that the client sent, without its query; a final `*` stands for any
 *   ending. A function must return its result synchronously
 * @property {number} [maxInFlight] the maximum number of requests in flight, even if the admission controller would allow more;
 *   default: no such limit
 * @property {(request: Request) => unknown} [classify] returns the name of the request's class. The admission controller finds
 *   a concurrency limit for each class; undefined: the class is the route
 * @property {import('../admission/clients.js').FairBy<Request>} [fairBy] what tells clients apart, so that each gets a fair
 *   share of the capacity while requests have to be refused: `'address'`; `{ header }`, the value of a request header;
 *   `{ forwarded: n }`, the address in X-Forwarded-For, if n proxies are trusted; or a function that returns the client's
 *   name synchronously. Default: requests have equal chances, whoever sends them
 * @property {(client: string) => number} [weight] with `fairBy`: returns the weight of a client, 0.001 to 1000. A client with a
 *   weight of 2 gets twice the share of one with 1, which is the default
 * @property {import('../admission/priorities.js').PriorityOption<Request>} [priority] which requests are refused first and last:
 *   paths for each of the levels `critical`, `important`, `normal` (the default) and `background`, and a header; or a function
 *   that returns the level synchronously
 * @property {import('../admission/deadlines.js').DeadlineOption<Request> | false} [deadline] refuse requests whose clients would no
 *   longer wait for the response. true: the headers `grpc-timeout` and `x-envoy-expected-rq-timeout-ms` tell how long they wait;
 *   `{ header }`: another header, in ms; or a function that returns the time in ms synchronously, or undefined
 * @property {number | 'auto'} [retryAfter] seconds of the Retry-After header. `'auto'` grows with the excess over the
 *   limit, and is jittered, so that clients that were shed together do not return together
 * @property {string | object} [message] the body of the 503; an object is sent as JSON
 * @property {(info: ShedInfo, request: Request | undefined) => void} [onShed] called for every request that is shed. For the
 *   reasons `'spill'` and `'handshake'` it is called at most once per turn of the event loop, with the `count` and without
 *   a request
 * @property {boolean} [dryRun] count the requests that would be shed, but shed none
 * @property {boolean} [spill] whether native code refuses connections from the accept queue while a queue stands (this package
 *   calls that the spill); default: true if the adapter handles all requests of the server and no other option prevents it
 */

/** @typedef {import('../admission/controller.js').Reason | import('../limits/index.js').LimitReason | 'spill' | 'handshake'} ShedReason */

/**
 * Describes a refusal.
 *
 * @typedef {object} ShedInfo
 * @property {ShedReason} reason the limit that was exceeded. `'delay'`: the request had waited too long. `'inFlight'`: as
 *   many requests of its class were in flight as can be served in time. `'maxInFlight'`: the option of that name.
 *   `'fairShare'`: the client has used up its share, and no capacity was left over. `'priority'`: requests with a higher
 *   priority need all of the capacity. `'deadline'`: its client would no longer wait for the response.
 *   `'spill'`: more connections were in the accept queue than can be served in time; `'handshake'`: the same, and they
 *   were refused before their TLS handshake. Otherwise one of the limits on the
 *   process, such as `'heapUsedBytes'`
 * @property {number} count the number of requests: 1, except for `'spill'` and `'handshake'`
 * @property {string} class the class of the request
 * @property {string} [client] the client that sent the request, as `fairBy` tells clients apart; undefined without `fairBy`,
 *   and for the reasons that are reported without a request
 * @property {import('../admission/priorities.js').Priority} [priority] of the request; undefined without priorities, and for
 *   the reasons that are reported without a request
 * @property {number} waitMs how long the request had waited before its handler
 * @property {number} delayLimitMs the delay limit at that moment; Infinity if `maxDelay` is false
 * @property {'kernel' | 'loop'} source what measured the wait: the kernel, on the socket of the request, or the event
 *   loop, if the kernel has no figure
 * @property {number} inFlight admitted requests that have not ended: those of the class for `'inFlight'`, otherwise those
 *   of the gate
 * @property {number} retryAfter seconds
 * @property {number} [value] for a limit on the process: the sampled value, in the unit of the limit
 * @property {number} [limit] for a limit on the process: the limit
 * @property {boolean} dryRun true if `dryRun` let the request pass
 */

/** @typedef {import('../options/rows.js').OptionRow} OptionRow */

const LONGEST_DELAY_MS = 60_000
const MOST_IN_FLIGHT = 2 ** 32 - 1
const LONGEST_RETRY_S = 86_400
const MOST_PROXIES = 100

/** @type {Record<keyof GateOptions<any>, OptionRow>} */
const gateOptions = {
  maxDelay: {
    // At least two ticks of the slowest kernel clock (HZ=100). A shorter limit would be below the resolution of the
    // measured wait.
    takes: `a number of ms from 20 to ${LONGEST_DELAY_MS}, or false`,
    hasType: (value) => isNumber(value) || value === false,
    inRange: (value) => value === false || (value >= 20 && value <= LONGEST_DELAY_MS),
    default: 100,
    otherNames: ['maxLag'] // toobusy-js
  },
  exempt: {
    takes: 'a path, an array of paths (each begins with "/"; a final "*" stands for any ending), or a function',
    hasType: (value) => isFunction(value) || isString(value) || isArrayOfStrings(value),
    inRange: (value) => isFunction(value) || [value].flat().every(isPathPattern),
    default: []
  },
  maxInFlight: wholeNumberRow(1, MOST_IN_FLIGHT),
  classify: functionRow,
  fairBy: {
    takes: "'address', { header: a name }, { forwarded: a number of trusted proxies from 1 to 100, header: a name }, or a function",
    hasType: (value) => isFunction(value) || isString(value) || isPlainObject(value),
    inRange: (value) => isFunction(value) || value === 'address' || (isPlainObject(value) && isHeaderRule(value))
  },
  weight: functionRow,
  priority: {
    takes: 'an object of paths for critical, important, normal or background, with header: a name and trust: addresses or a function; ' +
      'or a function',
    hasType: (value) => isFunction(value) || isPlainObject(value),
    inRange: (value) => isFunction(value) || whyNotPriority(value) === '',
    whyNot: whyNotPriority
  },
  deadline: {
    takes: 'true, false, { header: a name }, or a function',
    hasType: (value) => isFunction(value) || typeof value === 'boolean' || isPlainObject(value),
    inRange: (value) => !isPlainObject(value) || (Object.keys(value).join() === 'header' && isFieldName(value.header)),
    default: false
  },
  retryAfter: {
    takes: `a whole number of seconds from 0 to ${LONGEST_RETRY_S}, or 'auto'`,
    hasType: (value) => isNumber(value) || value === 'auto',
    inRange: (value) => value === 'auto' || (Number.isInteger(value) && value >= 0 && value <= LONGEST_RETRY_S),
    default: 'auto',
    otherNames: ['clientRetrySecs'] // overload-protection
  },
  message: {
    takes: 'a string, or an object that is sent as JSON',
    hasType: (value) => isString(value) || isPlainObject(value),
    inRange: (value) => isString(value) || isSerializable(value),
    default: 'Service Unavailable'
  },
  onShed: { ...functionRow, otherNames: ['logging'] }, // overload-protection
  dryRun: { ...booleanRow, otherNames: ['observe'] }, // until 0.1.0
  spill: { ...booleanRow, default: undefined },
  ...limitOptions
}

/** @param {unknown} value */
function isSerializable (value) {
  try {
    return JSON.stringify(value) !== undefined
  } catch {
    return false
  }
}

/** @param {any} value */
function whyNotPriority (value) {
  return require('./priority-option.js').whyNot(value) // required on use
}

/** @param {any} rule */
function isHeaderRule ({ header, forwarded, ...unknown }) {
  if (Object.keys(unknown).length > 0 || (header === undefined && forwarded === undefined)) return false
  if (header !== undefined && !isFieldName(header)) return false
  return forwarded === undefined || (Number.isInteger(forwarded) && forwarded >= 1 && forwarded <= MOST_PROXIES)
}

module.exports = { gateOptions }
