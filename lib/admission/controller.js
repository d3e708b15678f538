'use strict'

const { binding } = require('../native/binding.js')

/**
 * The admission controller of one gate, and the classes of requests that it tells apart.
 *
 * @typedef {object} NativeController times in ns, classes 0 to 255
 * @property {(id: number, waitNs: number, queued: number) => number} enter the moment, for `leave`;
 *   refused, minus the verdict; `queued` 1: its connection was accepted just before, so that it came
 *   through the accept queue, else 0
 * @property {(id: number, entered: number, outcome: number) => void} leave `entered`: what `enter` gave; 0 of
 *   a request that was refused and is present all the same, because the admission controller only isDryRun
 * @property {(id: number) => boolean} forget the number is to stand for another class; false while
 *   requests of the present one have yet to leave
 * @property {(id: number, share: number) => void} split class `id`, of which no request was seen yet,
 *   was part of class 0 until now, and asks for this share of its requests, 0 to 1: it begins with
 *   what was learnt of class 0
 * @property {(now: number) => number} waitLimit what a request may have waited; now 0 is the present
 * @property {(id: number) => number} inFlightOf
 * @property {() => NativeSnapshot} snapshot
 * @property {(id: number) => NativeClassSnapshot} snapshotOf
 *
 * @typedef {{ standing: boolean, inFlight: number, arrivalRate: number, rate: number, utilization: number }} NativeSnapshot
 * @typedef {{ inFlight: number, enforcing: boolean, probing: boolean, cap: number, burst: number, arrivalRate: number,
 *   rate: number, capacity: number, noLoadNs: number, longestNs: number, costNs: number, light: boolean }} NativeClassSnapshot
 *
 * @typedef {'delay' | 'inFlight' | 'maxInFlight'} Reason
 */

const NS_PER_MS = 1e6

/** By the number of the verdict. @type {(Reason | undefined)[]} */
const REASONS = [undefined, 'delay', 'inFlight', 'maxInFlight']

/** How an admitted request ended. */
const OUTCOME = { completed: 0, abandoned: 1, detached: 2 }

/**
 * @param {{ maxDelay: number | false, maxInFlight: number | undefined, dryRun: boolean }} options
 * @returns {NativeController}
 */
function createController ({ maxDelay, maxInFlight = 0, dryRun }) {
  const maxDelayNs = maxDelay === false ? 0 : maxDelay * NS_PER_MS
  return binding.createController(maxDelayNs, maxInFlight, binding.tickMs * NS_PER_MS, Number(dryRun), 1)
}

module.exports = { NS_PER_MS, OUTCOME, REASONS, createController }
