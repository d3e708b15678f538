'use strict'

const { binding, backend } = require('./binding.js')
const monitor = require('./monitor.js')
const { exemptTest } = require('./exempt.js')
const { retryAfterSeconds } = require('./refusal.js')
const { waitOf } = require('./request-watch.js')
const { onResponseEnd } = require('./response-end.js')
const { userFunction } = require('./user-function.js')

/**
 * @typedef {import('./options.js').ShedInfo} ShedInfo
 *
 * @typedef {object} GateStats
 * @property {number} admitted requests that passed, since the gate was made
 * @property {number} exempt requests that were not judged
 * @property {number} shed requests refused, in all
 * @property {{ delay: number }} shedBy the same by reason
 * @property {number} observed requests that `observe` let pass, though they were to be refused
 * @property {number} inFlight requests admitted and not yet answered
 * @property {number[]} lastWaits what the last requests (at most 32, oldest first) had waited, ms
 *
 * @typedef {object} GateSnapshot
 * @property {'native' | 'js'} backend
 * @property {'kernel' | 'loop'} source who measures the waits of requests over TCP
 * @property {number} tickMs resolution of the kernel's waits, ms; 0 where it has none
 * @property {number | false} maxDelay ms
 * @property {boolean} observe
 * @property {boolean} closed
 * @property {number} lagMs smoothed event-loop lag
 * @property {number} delayMs what a request arriving now would wait before its handler
 * @property {number} meanTurnMs mean busy time of the loop's recent turns
 * @property {number} utilization share of the last interval in which the loop was not asleep, 0 to 1
 *
 * @typedef {object} GateHandle what an adapter hands out
 * @property {() => GateStats} stats
 * @property {() => GateSnapshot} snapshot
 * @property {() => void} close lets everything pass from now on, and removes what was attached
 */

const REMEMBERED_WAITS = 32
const kJudged = Symbol('spillway.judged')

/** Decides on requests, and counts them. One per adapter instance; a request passes one gate. */
class Gate {
  #options
  #isExempt
  #onShed
  #release
  #closed = false
  #admitted = 0
  #exempt = 0
  #shedByDelay = 0
  #observed = 0
  #inFlight = 0
  #waits = new Float64Array(REMEMBERED_WAITS)
  #waitCount = 0
  #leave = () => { this.#inFlight-- }

  /** @param {any} options of the shared table, checked and complete */
  constructor (options) {
    this.#options = options
    this.#isExempt = exemptTest(options.exempt)
    this.#onShed = userFunction('onShed', 'SPILLWAY_ON_SHED', options.onShed ?? (() => {}))
    this.#release = monitor.acquire()
  }

  /**
   * A request has come. Null: let it pass; it is counted until its response is over. Otherwise it
   * is to be refused, and the figures say why.
   *
   * @param {any} raw Node's request
   * @param {any} res Node's response; null for an upgrade, which is not counted in flight
   * @param {any} request the framework's request, for the user's functions
   * @returns {ShedInfo | null}
   */
  enter (raw, res, request) {
    if (this.#closed || raw[kJudged] === true) return null
    raw[kJudged] = true
    if (this.#isExempt(raw, request)) {
      this.#exempt++
      return null
    }
    const info = this.#judge(raw)
    if (info !== null) {
      this.#onShed(info, request)
      if (!info.observed) return info
    }
    this.#admitted++
    if (res !== null) {
      this.#inFlight++
      onResponseEnd(res, this.#leave)
    }
    return null
  }

  /**
   * @param {any} raw
   * @returns {ShedInfo | null}
   */
  #judge (raw) {
    const kernelWaitMs = waitOf(raw)
    const waitMs = kernelWaitMs >= 0 ? kernelWaitMs : binding.loopDelay()
    this.#waits[this.#waitCount++ % REMEMBERED_WAITS] = waitMs
    const { maxDelay, observe, retryAfter } = this.#options
    if (maxDelay === false || waitMs <= maxDelay) return null
    if (observe) this.#observed++
    else this.#shedByDelay++
    return {
      reason: 'delay',
      waitMs,
      limitMs: maxDelay,
      source: kernelWaitMs >= 0 ? 'kernel' : 'loop',
      inFlight: this.#inFlight,
      retryAfter: retryAfterSeconds(retryAfter, waitMs, maxDelay),
      observed: observe
    }
  }

  /** @returns {GateStats} */
  stats () {
    const shed = this.#shedByDelay
    return {
      admitted: this.#admitted,
      exempt: this.#exempt,
      shed,
      shedBy: { delay: this.#shedByDelay },
      observed: this.#observed,
      inFlight: this.#inFlight,
      lastWaits: this.#lastWaits()
    }
  }

  #lastWaits () {
    const oldest = Math.max(0, this.#waitCount - REMEMBERED_WAITS)
    return Array.from({ length: this.#waitCount - oldest }, (_, i) => this.#waits[(oldest + i) % REMEMBERED_WAITS])
  }

  /** @returns {GateSnapshot} */
  snapshot () {
    return {
      backend,
      source: binding.kernelWaits ? 'kernel' : 'loop',
      tickMs: binding.tickMs,
      maxDelay: this.#options.maxDelay,
      observe: this.#options.observe,
      closed: this.#closed,
      lagMs: binding.lag(),
      delayMs: binding.delay(),
      meanTurnMs: binding.meanTurn(),
      utilization: binding.utilization()
    }
  }

  close () {
    this.#closed = true
    this.#release()
  }

  /**
   * What the adapter hands to its user.
   *
   * @param {() => void} [detach] undoes what the adapter attached
   * @returns {GateHandle}
   */
  handle (detach) {
    return {
      stats: () => this.stats(),
      snapshot: () => this.snapshot(),
      close: () => {
        detach?.()
        this.close()
      }
    }
  }
}

module.exports = { Gate }
