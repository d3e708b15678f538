'use strict'

const { describe } = require('./describe.js')

/**
 * @template [T=any]
 * @template [R=any]
 * @typedef {object} Options
 * @property {number | 'auto'} concurrency how many handlers run at once: an integer >= 1, Infinity, or 'auto': as many as the
 *   handlers and the event loop can do without queueing, found and followed while they run. Needs the native addon
 * @property {boolean} [ordered] deliver in the order of the source (the default), or as results come. Without results,
 *   it is only the order of errors for `errorOrder: 'inOrder'`
 * @property {number} [highWaterMark] how many items beyond `concurrency` may be started and not yet delivered: an
 *   integer >= 0, or Infinity. Default: as many as `concurrency`
 * @property {number} [maxBytes] how many bytes may be started and not yet delivered: an integer >= 1. An item that
 *   alone is larger runs alone
 * @property {(item: T) => number} [sizeOf] the bytes of an item. Default: the length of a Buffer, typed array or string
 * @property {boolean} [flatten] the handler's result is an iterable or an async iterable, and each of its elements is a
 *   result. The item keeps its slot until there is no further one. Default: false
 * @property {(context: { signal: AbortSignal }) => any} [flush] of `concurrentTransform` only: called when every item has
 *   its outcome; its result comes last
 * @property {'stop' | 'collect' | 'continue' | 'settle' | import('./error-policy.js').OnError<T, R>} [onError] what a failed
 *   item does to the rest. Default: 'stop'
 * @property {number} [maxErrors] how many errors 'collect' keeps: an integer >= 1. Default: 100
 * @property {'immediate' | 'inOrder'} [errorOrder] reject at once (the default), or when what comes before the failed
 *   item is delivered
 * @property {boolean} [waitForInFlight] reject only when the running handlers have settled. Default: false
 * @property {AbortSignal} [signal] rejects with its reason
 * @property {import('./retry.js').Retry} [retry] try failed items again
 * @property {number} [timeout] milliseconds for each item, which then fails with a TimeoutError. Its slot stays taken until
 *   its handler settles
 * @property {boolean} [timeoutFreesSlot] the slot of an item that ran out of time is free at once, though its handler may
 *   still run. Default: false
 * @property {number} [stallTimeout] milliseconds: needs `onStall`
 * @property {(stats: import('./job.js').Stats) => void} [onStall] called when results were ready and none was taken for
 *   `stallTimeout`
 * @property {boolean} [destroySource] destroy the source when stopping early. Default: true. What writes to a
 *   `concurrentTransform` is never its to destroy: `pipeline()` does that
 */

/** @typedef {Pick<Options, 'concurrency' | 'signal' | 'timeout' | 'timeoutFreesSlot' | 'retry'>} QueueOptions */

/** @typedef {Required<Pick<Options, 'concurrency' | 'ordered' | 'onError' | 'maxErrors' | 'errorOrder' | 'waitForInFlight' | 'destroySource'>> & Options & OfQueue} Settings */

/**
 * @typedef {object} OfQueue
 * @property {(handler: import('./handler-context.js').Handler<any>) => import('./handler-context.js').Handler<any>} [adapt] makes of
 *   the user's handler, retries included, one for the items that the flow has
 */

/** @typedef {{ takes: string, types: string[], accepts?: (value: any) => boolean }} Rule */

// Node turns a longer timer into one of 1 ms.
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** @param {number} least */
const integerFrom = least => ({
  takes: `an integer >= ${least}`,
  types: ['number'],
  accepts: (/** @type {number} */ value) => Number.isSafeInteger(value) && value >= least
})

/** @param {number} least */
const integerOrInfinityFrom = least => ({
  takes: `an integer >= ${least} or Infinity`,
  types: ['number'],
  accepts: (/** @type {number} */ value) => value === Infinity || (Number.isSafeInteger(value) && value >= least)
})

const milliseconds = {
  takes: `milliseconds, > 0 and <= ${LONGEST_TIMER_MS}`,
  types: ['number'],
  accepts: (/** @type {number} */ value) => value > 0 && value <= LONGEST_TIMER_MS
}

const aLimit = integerOrInfinityFrom(1)
const trueOrFalse = { takes: 'true or false', types: ['boolean'] }
const aFunction = { takes: 'a function', types: ['function'] }

/** @type {Record<keyof Options, Rule>} */
const rules = {
  concurrency: {
    takes: "an integer >= 1, Infinity or 'auto'",
    types: ['number', 'string'],
    accepts: value => value === 'auto' || aLimit.accepts(value)
  },
  ordered: trueOrFalse,
  highWaterMark: integerOrInfinityFrom(0),
  maxBytes: integerFrom(1),
  sizeOf: aFunction,
  flatten: trueOrFalse,
  flush: aFunction,
  onError: {
    takes: "'stop', 'collect', 'continue', 'settle' or a function",
    types: ['string', 'function'],
    accepts: value => typeof value === 'function' || ['stop', 'collect', 'continue', 'settle'].includes(value)
  },
  maxErrors: integerFrom(1),
  errorOrder: {
    takes: "'immediate' or 'inOrder'",
    types: ['string'],
    accepts: value => value === 'immediate' || value === 'inOrder'
  },
  waitForInFlight: trueOrFalse,
  signal: {
    takes: 'an AbortSignal',
    types: ['object'],
    accepts: value => typeof value.aborted === 'boolean' && typeof value.addEventListener === 'function'
  },
  retry: { takes: 'an object with attempts', types: ['object'] },
  timeout: milliseconds,
  timeoutFreesSlot: trueOrFalse,
  stallTimeout: milliseconds,
  onStall: aFunction,
  destroySource: trueOrFalse
}

/** @type {Record<keyof import('./retry.js').Retry, Rule>} */
const rulesOfRetry = {
  attempts: integerFrom(2),
  delay: {
    takes: `milliseconds, >= 0 and <= ${LONGEST_TIMER_MS}`,
    types: ['number'],
    accepts: value => value >= 0 && value <= LONGEST_TIMER_MS
  },
  budget: { takes: 'a number > 0', types: ['number'], accepts: value => value > 0 },
  shouldRetry: aFunction
}

/** What each helper does not take. @type {Record<string, string[]>} */
const unfit = {
  forEachConcurrent: ['flush'],
  mapConcurrent: ['flush'],
  concurrentTransform: [],
  concurrentQueue: ['ordered', 'highWaterMark', 'maxBytes', 'sizeOf', 'flatten', 'flush', 'onError', 'maxErrors', 'errorOrder',
    'waitForInFlight', 'stallTimeout', 'onStall', 'destroySource']
}

const defaults = {
  ordered: true,
  onError: /** @type {const} */ ('stop'),
  maxErrors: 100,
  errorOrder: /** @type {const} */ ('immediate'),
  waitForInFlight: false,
  destroySource: true
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {Rule} rule
 * @throws {TypeError | RangeError}
 */
function check (name, value, { takes, types, accepts }) {
  const rightType = value !== null && types.includes(typeof value)
  if (rightType && (accepts === undefined || accepts(value))) return
  const ErrorClass = rightType && typeof value === 'number' ? RangeError : TypeError
  throw new ErrorClass(`${name} must be ${takes}, got ${describe(value)}`)
}

/**
 * @param {any} given
 * @param {Record<string, Rule>} table
 * @param {string} [prefix] of the names in messages
 * @returns {any} what is not undefined
 * @throws {TypeError | RangeError}
 */
function checkAll (given, table, prefix = '') {
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  for (const name of Object.keys(defined)) {
    if (!Object.hasOwn(table, name)) {
      throw new TypeError(`unknown option ${prefix}${name}: known are ${Object.keys(table).join(', ')}`)
    }
  }
  for (const [name, value] of Object.entries(defined)) check(prefix + name, value, table[name])
  return defined
}

/**
 * @param {unknown} limit of a job that runs
 * @throws {TypeError | RangeError}
 */
function checkLimit (limit) {
  check('concurrency', limit, aLimit)
}

/** @throws {Error} where the addon is not loaded */
function checkAuto () {
  const { binding } = require('../native/binding.js') // not before: a fixed number needs no addon
  if (binding.createConcurrency !== undefined) return
  throw new Error("concurrency 'auto' needs the native addon, which is not loaded: give a number")
}

/**
 * @template T, R
 * @param {string} helper
 * @param {Options<T, R>} options
 * @returns {Settings}
 * @throws {TypeError | RangeError} naming the option, what it takes, and what was given
 * @throws {Error} for 'auto' without the addon
 */
function readOptions (helper, options) {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`options must be an object with a concurrency, got ${describe(options)}`)
  }
  const table = Object.fromEntries(Object.entries(rules).filter(([name]) => !unfit[helper].includes(name)))
  for (const name of unfit[helper]) {
    if (options[/** @type {keyof Options} */ (name)] !== undefined) throw new TypeError(`${name} is no option of ${helper}`)
  }
  const given = checkAll(options, table)
  check('concurrency', given.concurrency, rules.concurrency)
  if (given.retry !== undefined) check('retry.attempts', checkAll(given.retry, rulesOfRetry, 'retry.').attempts, rulesOfRetry.attempts)
  if ((given.stallTimeout === undefined) !== (given.onStall === undefined)) {
    throw new TypeError('stallTimeout and onStall must be given together')
  }
  if (given.timeoutFreesSlot && given.timeout === undefined) throw new TypeError('timeoutFreesSlot needs a timeout')
  if (given.onError === 'settle' && helper === 'forEachConcurrent') {
    throw new TypeError("onError: 'settle' is for results, and forEachConcurrent has none")
  }
  if (given.concurrency === 'auto') checkAuto()
  return { ...defaults, ...given }
}

/**
 * @param {unknown} handler
 * @throws {TypeError}
 */
function checkHandler (handler) {
  if (typeof handler !== 'function') throw new TypeError(`handler must be a function, got ${describe(handler)}`)
}

module.exports = { LONGEST_TIMER_MS, checkHandler, checkLimit, readOptions }
