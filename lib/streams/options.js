'use strict'

const { argumentError, invalidArgument } = require('../options/errors.js')
const { readOptions } = require('../options/read.js')
const {
  booleanRow, functionRow, isFunction, isNumber, isString, msRow, oneOfRow, positiveMsRow, wholeNumberOrInfinityRow, wholeNumberRow
} = require('../options/rows.js')

/** @typedef {'forEachConcurrent' | 'mapConcurrent' | 'concurrentTransform' | 'concurrentQueue'} Helper */

/**
 * @template [T=any]
 * @template [R=any]
 * @typedef {object} Options
 * @property {number | 'auto'} concurrency how many handlers may run at once: an integer >= 1, Infinity, or 'auto'. 'auto'
 *   finds the largest number at which no work queues, neither in the handlers nor in the event loop, and adapts it while
 *   they run. It requires the native addon
 * @property {boolean} [ordered] deliver results in the order of the source (the default), or as they become ready. If
 *   there are no results, it only affects the order of errors for `errorOrder: 'inOrder'`
 * @property {number} [highWaterMark] how many items beyond `concurrency` may have started and not been delivered: an
 *   integer >= 0, or Infinity. Default: the current `concurrency`
 * @property {number} [maxBytes] the maximum size of the items that have started and are not yet delivered, in bytes: an
 *   integer >= 1. A single item that is larger than this runs alone
 * @property {(item: T) => number} [sizeOf] returns the size of an item in bytes. Default: the length of a Buffer, typed
 *   array or string
 * @property {boolean} [flatten] the handler returns an iterable or an async iterable, and each of its elements is a result.
 *   The item keeps its slot until the iterable has ended. Default: false
 * @property {(context: { signal: AbortSignal }) => any} [flush] `concurrentTransform` only: called when every item has an
 *   outcome. Its result is delivered last
 * @property {'stop' | 'collect' | 'continue' | 'settle' | import('./error-policy.js').OnError<T, R>} [onError] what happens to
 *   the other items when one fails. Default: 'stop'
 * @property {number} [maxErrors] how many errors 'collect' keeps: an integer >= 1. Default: 100
 * @property {'immediate' | 'inOrder'} [errorOrder] reject at once (the default), or once all results before the failed
 *   item have been delivered
 * @property {boolean} [waitForInFlight] reject only once the running handlers have settled. Default: false
 * @property {AbortSignal} [signal] aborting it ends the job, which then rejects with the reason of the signal
 * @property {import('./retry.js').Retry} [retry] try failed items again
 * @property {number} [timeout] milliseconds for each item. An item that takes longer fails with a TimeoutError, and keeps its
 *   slot until its handler settles
 * @property {boolean} [timeoutFreesSlot] an item that times out gives its slot back at once, although its handler may still
 *   run. Default: false
 * @property {number} [stallTimeout] milliseconds; requires `onStall`
 * @property {(stats: import('./job.js').Stats) => void} [onStall] called when results were ready and the consumer took none
 *   for `stallTimeout`
 * @property {boolean} [destroySource] destroy the source when the job ends early. Default: true. `concurrentTransform` never
 *   destroys the stream that writes to it: `pipeline()` does
 */

/** @typedef {Pick<Options, 'concurrency' | 'signal' | 'timeout' | 'timeoutFreesSlot' | 'retry'>} QueueOptions */

/**
 * @typedef {Required<Pick<Options, 'concurrency' | 'ordered' | 'onError' | 'maxErrors' | 'errorOrder' | 'waitForInFlight' |
 *   'destroySource'>> & Options & QueueSettings} Settings
 */

/**
 * @typedef {object} QueueSettings
 * @property {(handler: import('./handler-context.js').Handler<any>) => import('./handler-context.js').Handler<any>}
 *   [adapt] converts a handler for the user's items into a handler for the tasks of the queue. It wraps the retries
 */

/** @typedef {import('../options/rows.js').OptionRow} OptionRow */

const DOCS = 'docs/streams.md'
const limitRow = wholeNumberOrInfinityRow(1)
const ERROR_POLICIES = ['stop', 'collect', 'continue', 'settle']

/** @type {Record<keyof import('./retry.js').Retry, OptionRow>} */
const retryOptions = {
  attempts: { ...wholeNumberRow(2), required: true },
  delay: { ...msRow(0), default: 100 },
  budget: { takes: 'a number above 0, or Infinity', hasType: isNumber, inRange: (value) => value > 0, default: 0.1 },
  shouldRetry: { ...functionRow, default: () => true }
}

/** @type {Record<keyof Options, OptionRow>} */
const streamOptions = {
  concurrency: {
    takes: "a whole number from 1 up, Infinity, or 'auto'",
    hasType: (value) => limitRow.hasType(value) || value === 'auto',
    inRange: (value) => value === 'auto' || limitRow.inRange?.(value) === true,
    required: true,
    otherNames: ['limit', 'maxConcurrency', 'maxParallel']
  },
  ordered: { ...booleanRow, default: true },
  highWaterMark: wholeNumberOrInfinityRow(0),
  maxBytes: wholeNumberRow(1),
  sizeOf: functionRow,
  flatten: booleanRow,
  flush: functionRow,
  onError: {
    takes: "'stop', 'collect', 'continue', 'settle' or a function",
    hasType: (value) => isString(value) || isFunction(value),
    inRange: (value) => isFunction(value) || ERROR_POLICIES.includes(value),
    default: 'stop',
    otherNames: ['stopOnError'] // p-map
  },
  maxErrors: { ...wholeNumberRow(1), default: 100 },
  errorOrder: { ...oneOfRow('immediate', 'inOrder'), default: 'immediate' },
  waitForInFlight: booleanRow,
  signal: { takes: 'an AbortSignal', hasType: isAbortSignal },
  retry: { takes: 'an object with attempts', hasType: isObject, members: retryOptions },
  timeout: positiveMsRow,
  timeoutFreesSlot: booleanRow,
  stallTimeout: positiveMsRow,
  onStall: functionRow,
  destroySource: { ...booleanRow, default: true }
}

/** The options that a helper does not take. @type {Record<Helper, (keyof Options)[]>} */
const notTaken = {
  forEachConcurrent: ['flush'],
  mapConcurrent: ['flush'],
  concurrentTransform: [],
  concurrentQueue: ['ordered', 'highWaterMark', 'maxBytes', 'sizeOf', 'flatten', 'flush', 'onError', 'maxErrors', 'errorOrder',
    'waitForInFlight', 'stallTimeout', 'onStall', 'destroySource']
}

/**
 * @template T, R
 * @param {Helper} helper
 * @param {Options<T, R>} options
 * @returns {Settings}
 * @throws {TypeError | RangeError} with a `code`
 * @throws {Error} for 'auto' without the addon
 */
function readStreamOptions (helper, options) {
  const excluded = notTaken[helper].find((name) => options?.[name] !== undefined)
  if (excluded !== undefined) {
    throw argumentError(TypeError, 'SPILLWAY_UNKNOWN_OPTION', `spillway/stream: ${helper}() does not take the option "${excluded}"`)
  }
  /** @type {Settings} */
  const settings = readOptions('spillway/stream', streamOptions, options, DOCS)
  checkCombination(helper, settings)
  if (settings.concurrency === 'auto') checkAuto()
  return settings
}

/**
 * @param {Helper} helper
 * @param {Settings} settings
 * @throws {TypeError}
 */
function checkCombination (helper, { stallTimeout, onStall, timeout, timeoutFreesSlot, onError }) {
  if ((stallTimeout === undefined) !== (onStall === undefined)) {
    throw conflict('options "stallTimeout" and "onStall" must be given together')
  }
  if (timeoutFreesSlot && timeout === undefined) throw conflict('option "timeoutFreesSlot" needs the option "timeout"')
  if (onError === 'settle' && helper === 'forEachConcurrent') {
    throw conflict('option "onError" cannot be \'settle\' for forEachConcurrent(), which has no results')
  }
}

/** @param {string} message */
function conflict (message) {
  return argumentError(TypeError, 'SPILLWAY_CONFLICTING_OPTIONS', `spillway/stream: ${message}`)
}

/** @throws {Error} if the addon is not loaded */
function checkAuto () {
  const { binding } = require('../native/binding.js') // required here because a fixed number needs no addon
  if (binding.createConcurrency !== undefined) return
  throw argumentError(Error, 'SPILLWAY_INVALID_OPTION',
    'spillway/stream: option "concurrency" cannot be \'auto\' without the native addon, which is not loaded; pass a number')
}

/**
 * @param {any} limit assigned to the `concurrency` of a job
 * @throws {TypeError | RangeError}
 */
function checkLimit (limit) {
  const hasType = limitRow.hasType(limit)
  if (hasType && limitRow.inRange?.(limit)) return
  const { message } = invalidArgument('spillway/stream: job.concurrency', limitRow.takes, limit)
  throw argumentError(hasType ? RangeError : TypeError, 'SPILLWAY_INVALID_ARGUMENT', message)
}

/**
 * @param {Helper} helper
 * @param {unknown} handler
 * @throws {TypeError}
 */
function checkHandler (helper, handler) {
  if (!isFunction(handler)) throw invalidArgument(`spillway/stream: ${helper}()`, 'a function as its handler', handler)
}

/** @param {any} value */
function isAbortSignal (value) {
  return isObject(value) && typeof value.aborted === 'boolean' && isFunction(value.addEventListener)
}

/** @param {any} value */
function isObject (value) {
  return typeof value === 'object' && value !== null
}

module.exports = { checkHandler, checkLimit, readStreamOptions, retryOptions, streamOptions }
