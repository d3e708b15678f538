'use strict'

const { backend, binding } = require('./native/binding.js')
const { NS_PER_MS } = require('./native/units.js')
const monitor = require('./loop/monitor.js')
const { LagEvents } = require('./loop/lag-events.js')
const { argumentError } = require('./options/errors.js')
const { LONGEST_TIMER_MS, isNumber } = require('./options/rows.js')
const { show } = require('./options/show.js')
const requestWatch = require('./requests/watch.js')

let maxLagMs = 70
let intervalMs = 500
let factor = 1 / 3
let running = true
let release = requestWatch.acquire()
const lagEvents = new LagEvents()

/**
 * Returns whether to shed the request now: never while the delay is at most `maxLag`, and always once it reaches twice
 * `maxLag`. In between, the probability rises linearly, so that load decreases gradually.
 *
 * The delay is `delay()` or, if you pass a request, the time that this request has waited.
 *
 * @param {object} [request] a request of Node, Express, Fastify or Hapi, or a Koa context
 * @returns {boolean}
 * @throws {TypeError} for any other argument
 */
function toobusy (request) {
  if (!running) return false
  if (request === undefined) return binding.isBusy(maxLagMs)
  return Math.random() < (requestDelay(request) - maxLagMs) / maxLagMs
}

/**
 * Smoothed event-loop lag: how late a timer fires, in ms, rounded.
 *
 * @returns {number}
 */
function lag () {
  return running ? Math.round(binding.lag()) : 0
}

/**
 * How long a request arriving now would wait before its handler, in ms: the largest of the smoothed lag, the duration of
 * the current event-loop turn, the smoothed waits of recent requests, and the length of the accept queue multiplied by
 * the mean turn (the loop accepts one connection per turn).
 *
 * @returns {number}
 */
function delay () {
  return running ? binding.delay() : 0
}

/**
 * The delay above which `toobusy()` starts to shed.
 *
 * @param {number} [newLag] ms, at least 10; default 70. Falsy values, such as 0, only read the value, as in toobusy-js
 * @returns {number} the current value, ms
 * @throws {Error}
 */
function maxLag (newLag) {
  if (!newLag) return maxLagMs
  if (!isNumber(newLag)) throw invalidArgument('MaxLag must be a number.')
  const rounded = Math.round(newLag)
  if (rounded < 10) throw invalidArgument('Maximum lag should be greater than 10ms.')
  maxLagMs = rounded
  return maxLagMs
}

/**
 * The interval at which the lag is sampled. Setting it restarts the measurement, even after `shutdown()`.
 *
 * @param {number} [newInterval] ms, 16 to 2147483647; default 500. Falsy values only read the value
 * @returns {number} the current value, ms
 * @throws {Error}
 */
function interval (newInterval) {
  if (!newInterval) return intervalMs
  if (!isNumber(newInterval)) throw invalidArgument('Interval must be a number.')
  const rounded = Math.round(newInterval)
  if (rounded < 16) throw invalidArgument('Interval should be greater than 16ms.')
  if (rounded > LONGEST_TIMER_MS) throw invalidArgument(`Interval should be at most ${LONGEST_TIMER_MS}ms.`)
  intervalMs = rounded
  monitor.setInterval(intervalMs)
  if (!running) release = requestWatch.acquire()
  running = true
  lagEvents.start(intervalMs)
  return intervalMs
}

/**
 * The weight of one sample: `lag = factor * sample + (1 - factor) * lag`, for a sample that covers one interval. 1 means no
 * smoothing.
 *
 * @param {number} [newFactor] in ]0, 1]; default 1/3. Falsy values only read the value
 * @returns {number} the current value
 * @throws {Error}
 */
function smoothingFactor (newFactor) {
  if (!newFactor) return factor
  if (!isNumber(newFactor)) throw invalidArgument('NewFactor must be a number.')
  if (newFactor <= 0 || newFactor > 1) throw invalidArgument('Smoothing factor should be in range ]0,1].')
  factor = newFactor
  monitor.setFactor(factor)
  return factor
}

/**
 * Calls `fn` at the end of each interval in which the smoothed lag or a single event-loop turn exceeded the threshold,
 * and passes it the larger of the two.
 *
 * @param {(lagMs: number) => void} fn
 * @param {number} [threshold] ms; default: `maxLag()` at the time of the call
 * @throws {Error}
 */
function onLag (fn, threshold = maxLagMs) {
  if (typeof fn !== 'function') throw invalidArgument('Listener must be a function.')
  if (!isNumber(threshold)) throw invalidArgument('Threshold must be a number.')
  lagEvents.add(fn, threshold)
  if (running) lagEvents.start(intervalMs)
}

/** @returns {boolean} whether the measurement is running */
function started () {
  return running
}

/**
 * Stops the measurement and removes the `onLag` listeners. Open gates are not affected. `interval(n)` restarts the
 * measurement.
 */
function shutdown () {
  running = false
  lagEvents.clear()
  release()
}

/** @param {string} message in the wording of toobusy-js */
function invalidArgument (message) {
  return argumentError(Error, 'SPILLWAY_INVALID_ARGUMENT', message)
}

/** @param {any} request */
function requestDelay (request) {
  const raw = request?.raw?.req ?? request?.raw ?? request?.req ?? request
  if (typeof raw?.method !== 'string') {
    throw argumentError(TypeError, 'SPILLWAY_INVALID_ARGUMENT',
      `toobusy() takes a request of Node.js, Express, Fastify or Hapi, a Koa context, or no argument; got ${show(request)}`)
  }
  const { waitNs, source } = requestWatch.trackedRequestOf(raw)
  return source === 'kernel' ? waitNs / NS_PER_MS : binding.delay()
}

module.exports = toobusy
// Each name needs its own assignment: Node.js finds the names for `import { lag } from 'spillway'` by parsing the source
// text.
module.exports.lag = lag
module.exports.delay = delay
module.exports.maxLag = maxLag
module.exports.interval = interval
module.exports.smoothingFactor = smoothingFactor
module.exports.onLag = onLag
module.exports.started = started
module.exports.shutdown = shutdown
/** `'native'`, or `'js'` if the addon could not be loaded and a JavaScript timer measures instead. */
module.exports.backend = backend
