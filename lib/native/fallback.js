'use strict'

/**
 * The functions of the native addon, implemented by a JavaScript timer. They measure event-loop lag, but cannot see the
 * kernel's queues. `Backend` in binding.js describes each function.
 */

const { monitorEventLoopDelay, performance } = require('node:perf_hooks')
const { NS_PER_MS } = require('./units.js')

const TIMER_MS = 10

const CLASSES = 256
/** Stands for the time of admission, which this controller does not use. */
const ENTERED = 1

/** @type {NodeJS.Timeout | undefined} */
let timer
/** Whether the loop has completed a turn since `start()` was first called. */
let hasTurned = false
let interval = 0
let factor = 0
let due = 0
let lastTick = 0
let lag = 0
let longestLateness = 0
let utilization = 0
/** @type {import('node:perf_hooks').EventLoopUtilization} */
let lastUtilization

/** @type {import('./binding.js').Backend} */
module.exports = {
  start (intervalMs, smoothingFactor) {
    module.exports.stop()
    interval = intervalMs
    factor = smoothingFactor
    lastTick = performance.now()
    lastUtilization = performance.eventLoopUtilization?.()
    timer = setInterval(onTick, interval).unref()
    due = lastTick + interval
    if (!hasTurned) awaitTurn()
    return true
  },
  stop () {
    if (timer === undefined) return false
    clearInterval(timer)
    timer = undefined
    lag = longestLateness = utilization = 0
    return true
  },
  setFactor (smoothingFactor) { factor = smoothingFactor },
  lag: () => lag,
  delay: loopDelay,
  isBusy: (maxLagMs) => Math.random() < (loopDelay() - maxLagMs) / maxLagMs,
  loopDelayNs: () => loopDelay() * NS_PER_MS,
  longestWaitNs: () => loopDelay() * NS_PER_MS,
  meanTurn: () => 0,
  takeLongestTurn () {
    const longest = longestLateness
    longestLateness = 0
    return longest
  },
  utilization: () => utilization,
  connectionAgeNs: () => -1,
  requestWaitNs: () => -1,
  wasQueued: () => false,
  watchListeners () {},
  acceptedNs: () => -1,
  knowsAcceptQueue: () => false,
  listenShared: () => errorNumber('ENOTSUP'),
  acceptAll: () => [],
  clientOfAddress: (address) => address,
  clientOfForwarded: () => '',
  createController,
  createSpill: () => undefined,
  canSpill: false,
  createLoopDelay,
  createPoolProbe: () => undefined,
  createConcurrency: undefined,
  turnNumber: undefined,
  kernelWaits: false,
  tickMs: 0
}

/**
 * @param {string} name
 * @returns {number} as the addon returns it: negative, and another number on each system
 */
function errorNumber (name) {
  const { getSystemErrorMap } = require('node:util') // required on use
  for (const [number, [other]] of getSystemErrorMap()) if (other === name) return number
  return -1
}

/** Excludes the main script, during which no request waits, from the measurement. */
function awaitTurn () {
  due = Infinity
  setImmediate(() => {
    hasTurned = true
    lastTick = performance.now()
    due = lastTick + interval
    timer?.refresh()
  }).unref()
}

function loopDelay () {
  return Math.max(lag, lateness())
}

/** Measures with Node's own histogram, whose timer fires every few ms. */
function createLoopDelay () {
  const histogram = monitorEventLoopDelay?.({ resolution: TIMER_MS })
  histogram?.enable()
  /** @param {number} [ns] time between two firings of that timer; NaN before it has fired */
  const lateness = (ns = 0) => Math.max(0, ns / 1e6 - TIMER_MS) || 0
  const take = () => {
    const delay = {
      mean: lateness(histogram?.mean),
      p99: lateness(histogram?.percentile(99)),
      max: lateness(histogram?.max)
    }
    histogram?.reset()
    return delay
  }
  return Object.assign(take, { stop: () => { histogram?.disable() } })
}

/**
 * A minimal controller: it refuses requests that waited longer than the limit.
 *
 * @type {import('./binding.js').Backend['createController']}
 */
function createController (maxDelayNs, maxInFlight, tickNs, dryRun) {
  let inFlight = 0
  const inFlightBy = new Uint32Array(CLASSES)
  // In a dry run: refused requests that are served anyway, until they end. They do not count as in flight.
  const ghostsBy = new Uint32Array(CLASSES)
  /**
   * @param {number} id
   * @param {number} verdict
   */
  const refused = (id, verdict) => {
    ghostsBy[id] += dryRun
    return verdict
  }
  return {
    enter (id, waitNs) {
      if (maxInFlight > 0 && inFlight >= maxInFlight) return refused(id, -3)
      if (maxDelayNs > 0 && waitNs > maxDelayNs) return refused(id, -1)
      inFlight++
      inFlightBy[id]++
      return ENTERED
    },
    leave (id, entered) {
      if (entered === 0) {
        if (ghostsBy[id] > 0) ghostsBy[id]--
      } else if (inFlightBy[id] > 0) {
        inFlightBy[id]--
        inFlight--
      }
    },
    drain () {},
    split () {},
    forget: (id) => inFlightBy[id] === 0 && ghostsBy[id] === 0,
    delayLimitNs: () => maxDelayNs,
    inFlightOf: (id) => inFlightBy[id],
    snapshot: () => ({ queueing: false, queueReason: 0, queueSince: 0, load: 0, inFlight, arrivalRate: 0, rate: 0, utilization, fairRate: 0 }),
    snapshotOf: (id) => ({
      inFlight: inFlightBy[id],
      state: 0,
      stateReason: 0,
      stateSince: 0,
      cap: 0,
      burst: 0,
      arrivalRate: 0,
      rate: 0,
      capacity: 0,
      noLoadNs: 0,
      queueNs: 0,
      longestNs: 0,
      costNs: 0,
      light: false
    })
  }
}

// JavaScript cannot observe a turn, but an overdue timer proves that one has taken at least this long.
function lateness () {
  return timer === undefined ? 0 : Math.max(0, performance.now() - due)
}

function onTick () {
  const now = performance.now()
  const late = Math.max(0, now - due)
  lag = late + (lag - late) * (1 - factor) ** ((now - lastTick) / interval)
  longestLateness = Math.max(longestLateness, late)
  lastTick = now
  due = now + interval

  const current = performance.eventLoopUtilization?.()
  if (current !== undefined) {
    utilization = performance.eventLoopUtilization(current, lastUtilization).utilization
    lastUtilization = current
  }
}
