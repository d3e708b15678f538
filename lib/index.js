'use strict'

const { backend, binding } = require('./native/binding.js')
const monitor = require('./loop/monitor.js')
const { LagEvents } = require('./loop/lag-events.js')
const { argumentError } = require('./options/errors.js')
const { LONGEST_TIMER_MS, isNumber } = require('./options/rows.js')
const { show } = require('./options/show.js')
const { trackedRequestOf } = require('./requests/watch.js')

let maxLagMs = 70
let intervalMs = 500
let factor = 1 / 3
let running = true
let release = monitor.acquire()
const lagEvents = new LagEvents()

/**
 * Whether to shed now. Never at or below `maxLag`, always from twice `maxLag` on, and in between with
 * a probability that rises in proportion, so that load comes off gradually.
 *
 * Judges by `delay()`; given a request (Node's, or that of Express, Fastify, Hapi or a Koa context),
 * by what that request itself waited.
 *
 * @param {object} [request]
 * @returns {boolean}
 * @throws {TypeError} on something else
 */
function toobusy (request) {
  if (!running) return false
  if (request === undefined) return binding.isBusy(maxLagMs)
  return Math.random() < (requestDelay(request) - maxLagMs) / maxLagMs
}

/**
 * Smoothed event-loop lag: how late a timer comes, ms, rounded.
 *
 * @returns {number}
 */
function lag () {
  return running ? Math.round(binding.lag()) : 0
}

/**
 * What a request arriving now would wait before its handler, ms: the largest of the smoothed lag, the
 * turn of the loop now running, the smoothed waits of recent requests, and the accept queue's length
 * times the mean turn (the loop accepts one connection a turn).
 *
 * @returns {number}
 */
function delay () {
  return running ? binding.delay() : 0
}

/**
 * The delay above which `toobusy()` begins to shed.
 *
 * @param {number} [newLag] ms, at least 10; default 70. 0 and other falsy values read the value, as in toobusy-js
 * @returns {number} the value in force, ms
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
 * How often the lag is sampled. Setting it starts the measuring again, also after `shutdown()`.
 *
 * @param {number} [newInterval] ms, 16 to 2147483647; default 500. Falsy values read the value
 * @returns {number} the value in force, ms
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
  if (!running) release = monitor.acquire()
  running = true
  lagEvents.start(intervalMs)
  return intervalMs
}

/**
 * How far one sample moves the lag: `lag = factor * sample + (1 - factor) * lag` for a sample that
 * stands for one interval. 1 smooths nothing.
 *
 * @param {number} [newFactor] in ]0, 1]; default 1/3. Falsy values read the value
 * @returns {number} the value in force
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
 * Calls `fn` at the end of each interval in which the smoothed lag, or one turn of the loop, was
 * above the threshold, with the larger of the two.
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

/** @returns {boolean} whether measuring is on */
function started () {
  return running
}

/**
 * Stops measuring, and forgets the `onLag` listeners. Gates that are open go on by themselves.
 * `interval(n)` starts again.
 */
function shutdown () {
  running = false
  lagEvents.clear()
  release()
}

/** @param {string} message in toobusy-js's own words */
function invalidArgument (message) {
  return argumentError(Error, 'SPILLWAY_INVALID_ARGUMENT', message)
}

/** @param {any} request */
function requestDelay (request) {
  const raw = request?.raw?.req ?? request?.raw ?? request?.req ?? request
  if (typeof raw?.method !== 'string') {
    throw argumentError(TypeError, 'SPILLWAY_INVALID_ARGUMENT',
      `toobusy: takes a request of Node, Express, Fastify or Hapi, a Koa context, or nothing; got ${show(request)}`)
  }
  const { waitMs } = trackedRequestOf(raw)
  return waitMs >= 0 ? waitMs : binding.delay()
}

module.exports = toobusy
// One assignment for each name: Node reads the names of `import { lag } from 'spillway'` from the source text.
module.exports.lag = lag
module.exports.delay = delay
module.exports.maxLag = maxLag
module.exports.interval = interval
module.exports.smoothingFactor = smoothingFactor
module.exports.onLag = onLag
module.exports.started = started
module.exports.shutdown = shutdown
/** What measures: the native addon or, where it could not load, a JavaScript timer. */
module.exports.backend = backend
