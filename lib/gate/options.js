'use strict'

const { limitOptions } = require('../limits/options.js')
const { booleanRow, functionRow, isFunction, isNumber, isString, stringRow, wholeNumberRow } = require('../options/rows.js')

/**
 * The options that all adapters share: one table for the checks, the defaults and the documentation.
 *
 * @template Request the framework's own request: Express's, Fastify's, Hapi's, a Koa context, Node's
 * @typedef {import('../limits/options.js').LimitOptions & AdmissionOptions<Request>} GateOptions
 */

/**
 * @template Request
 * @typedef {object} AdmissionOptions
 * @property {number | false} [maxDelay] ms a request may have waited before its handler; false: no
 *   limit
 * @property {string | string[] | ((request: Request) => boolean)} [exempt] paths (a final `*` stands
 *   for any ending), compared with what the client sent, without its query; or a function, which
 *   answers at once: never shed, counted apart
 * @property {number} [maxInFlight] requests that may be in flight at once, whatever the admission controller would allow;
 *   default: no such limit
 * @property {(request: Request) => unknown} [classify] names the class of a request, as a limit in flight
 *   is found for each; undefined: by its route
 * @property {number | 'auto'} [retryAfter] seconds of the Retry-After header; `'auto'` grows with how
 *   far over the limit the request was, and is jittered so that the refused do not return as one
 * @property {string} [message] the body of the 503
 * @property {(info: ShedInfo, request: Request | undefined) => void} [onShed] told of every refusal; of those
 *   for `'spill'` once a turn of the loop, by their `count` and without a request
 * @property {boolean} [dryRun] count what would be shed, shed nothing
 * @property {boolean} [spill] whether to refuse, while a queue stands, connections that wait to be accepted, in
 *   native code; default: where the adapter has the whole server, and no option stands against it
 */

/** @typedef {import('../admission/controller.js').Reason | import('../limits/index.js').LimitReason | 'spill'} ShedReason */

/**
 * What a refusal rests on.
 *
 * @typedef {object} ShedInfo
 * @property {ShedReason} reason which limit said no: `'delay'`, it had waited too long;
 *   `'inFlight'`, as many of its class as can be served in time were in flight; `'maxInFlight'`; `'spill'`,
 *   more waited to be accepted than can be served in time; or one of the limits on the process, such as
 *   `'heapUsedBytes'`
 * @property {number} count requests refused: 1, but for `'spill'`
 * @property {string} class the request's class
 * @property {number} waitMs what the request had waited before its handler
 * @property {number} delayLimitMs what it might have waited; Infinity where maxDelay is false
 * @property {'kernel' | 'loop'} source who measured the wait: the kernel, on the request's own socket,
 *   or the event loop, where the kernel does not know
 * @property {number} inFlight requests admitted and not yet answered: of the class for `'inFlight'`, else
 *   of the gate
 * @property {number} retryAfter seconds
 * @property {number} [value] of a limit on the process: what was sampled, in the limit's unit
 * @property {number} [limit] and the limit
 * @property {boolean} dryRun true where `dryRun` let the request pass
 */

/** @typedef {import('../options/rows.js').OptionRow} OptionRow */

const LONGEST_DELAY_MS = 60_000
const MOST_IN_FLIGHT = 2 ** 32 - 1
const LONGEST_RETRY_S = 86_400

/** @type {Record<keyof GateOptions<any>, OptionRow>} */
const gateOptions = {
  maxDelay: {
    // Below two ticks of the slowest kernel (HZ=100) the measure itself would decide.
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
  retryAfter: {
    takes: `a whole number of seconds from 0 to ${LONGEST_RETRY_S}, or 'auto'`,
    hasType: (value) => isNumber(value) || value === 'auto',
    inRange: (value) => value === 'auto' || (Number.isInteger(value) && value >= 0 && value <= LONGEST_RETRY_S),
    default: 'auto',
    otherNames: ['clientRetrySecs'] // overload-protection
  },
  message: { ...stringRow, default: 'Service Unavailable' },
  onShed: { ...functionRow, otherNames: ['logging'] }, // overload-protection
  dryRun: { ...booleanRow, otherNames: ['observe'] }, // until 0.1.0
  spill: { ...booleanRow, default: undefined },
  ...limitOptions
}

/** @param {unknown} value */
function isArrayOfStrings (value) {
  return Array.isArray(value) && value.every(isString)
}

/** @param {string} path */
function isPathPattern (path) {
  return path.startsWith('/') && !path.slice(0, -1).includes('*')
}

module.exports = { gateOptions }
