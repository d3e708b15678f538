'use strict'

const { binding } = require('./binding.js')
const monitor = require('./monitor.js')
const { isEventStream } = require('./event-stream.js')
const { exemptTest } = require('./exempt.js')
const { GateFigures } = require('./gate-figures.js')
const { NS_PER_MS, OUTCOME, REASONS, createLaw } = require('./law.js')
const { retryAfterSeconds } = require('./refusal.js')
const { classifier } = require('./classify.js')
const { arrivalOf, follow } = require('./request-watch.js')
const { Spill } = require('./spill.js')
const { userFunction } = require('./user-function.js')

/**
 * @typedef {import('./options.js').ShedInfo} ShedInfo
 *
 * @typedef {object} GateHandle what an adapter hands out
 * @property {() => import('./gate-figures.js').GateStats} stats
 * @property {() => import('./gate-figures.js').GateSnapshot} snapshot
 * @property {() => void} close lets everything pass from now on, and removes what was attached
 */

/** In place of the moment at which the law let a request in. */
const NO_PLACE = -1

/** Decides on requests, and counts them. One per adapter instance; a request passes one gate. */
class Gate {
  #options
  #isExempt
  #onShed
  #release
  #law
  #classes
  #figures

  /**
   * @param {any} options of the shared table, checked and complete
   * @param {import('./classify.js').Routing} [routing] how the framework tells a request's route
   * @param {string} [noSpill] why nothing may be refused before Node has accepted it, or empty
   */
  constructor (options, routing, noSpill = 'not told of') {
    this.#options = options
    this.#isExempt = exemptTest(options.exempt)
    this.#onShed = userFunction('onShed', 'SPILLWAY_ON_SHED', options.onShed ?? (() => {}))
    this.#law = createLaw(options)
    this.#classes = classifier(options.classify, this.#law.forget, routing)
    /** The adapter tells it which servers there are. */
    this.spill = new Spill(this.#law, options, noSpill, options.onShed && ((told) => this.#onShed(this.#spilled(told), undefined)))
    this.#figures = new GateFigures(options, this.#law, this.#classes, this.spill)
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
    const figures = this.#figures
    if (figures.closed) return null
    const arrival = arrivalOf(raw, request)
    if (arrival.judged) return null
    arrival.judged = true
    if (this.#isExempt(arrival, request)) {
      figures.exempt++
      return null
    }
    const waitMs = arrival.waitMs >= 0 ? arrival.waitMs : binding.loopDelay()
    figures.remember(waitMs)

    const id = this.#classes.idOf(arrival, request)
    let entered = this.#law.enter(id, waitMs * NS_PER_MS)
    if (entered < 0) {
      const info = this.#refusal(-entered, id, waitMs, arrival.waitMs >= 0)
      this.#onShed(info, request)
      if (!info.observed) return info
      entered = Number(process.hrtime.bigint())
    }
    figures.admitted++
    if (res === null) this.#law.leave(id, entered, OUTCOME.detached)
    else this.#admit(arrival, res, id, entered)
    return null
  }

  /**
   * @param {import('./arrival.js').Arrival} arrival
   * @param {any} res
   * @param {number} id
   * @param {number} entered
   */
  #admit (arrival, res, id, entered) {
    this.#figures.inFlight++
    arrival.gate = this
    arrival.id = id
    arrival.entered = entered
    if (isEventStream(arrival.rawHeaders)) {
      // It lasts as long as the client likes: no place is kept for it, and its length says nothing.
      this.#law.leave(id, entered, OUTCOME.detached)
      arrival.entered = NO_PLACE
    }
    follow(arrival, res)
  }

  /**
   * The response to a request that this gate admitted is over.
   *
   * @param {import('./arrival.js').Arrival} arrival
   * @param {number} outcome
   */
  leave (arrival, outcome) {
    const { entered } = arrival
    if (entered !== NO_PLACE) this.#law.leave(arrival.id, entered, outcome)
    this.#figures.inFlight--
    this.#releaseIfDone()
  }

  /**
   * @param {number} verdict
   * @param {number} id
   * @param {number} waitMs
   * @param {boolean} fromKernel
   * @returns {ShedInfo}
   */
  #refusal (verdict, id, waitMs, fromKernel) {
    const { maxDelay, observe, retryAfter } = this.#options
    const reason = /** @type {import('./law.js').Reason} */ (REASONS[verdict])
    const limitMs = this.#figures.waitLimitMs()
    this.#figures.countRefusal(reason)
    return {
      reason,
      count: 1,
      class: this.#classes.nameOf(id),
      waitMs,
      limitMs,
      source: fromKernel ? 'kernel' : 'loop',
      inFlight: reason === 'inFlight' ? this.#law.inFlightOf(id) : this.#figures.inFlight,
      retryAfter: retryAfterSeconds(retryAfter, reason === 'delay' ? waitMs / maxDelay : 1),
      observed: observe
    }
  }

  /**
   * @param {import('./spill.js').SpillTold} told
   * @returns {ShedInfo}
   */
  #spilled ({ count, waitMs, retryAfter }) {
    return {
      reason: 'spill',
      count,
      class: '*',
      waitMs,
      limitMs: this.#figures.waitLimitMs(),
      source: 'kernel',
      inFlight: this.#figures.inFlight,
      retryAfter,
      observed: false
    }
  }

  close () {
    this.spill.close()
    this.#figures.closed = true
    this.#releaseIfDone()
  }

  // Until the last response that it admitted is over, it is to be told of its end.
  #releaseIfDone () {
    if (this.#figures.closed && this.#figures.inFlight === 0) this.#release()
  }

  /**
   * What the adapter hands to its user.
   *
   * @param {() => void} [detach] undoes what the adapter attached
   * @returns {GateHandle}
   */
  handle (detach) {
    return {
      stats: () => this.#figures.stats(),
      snapshot: () => this.#figures.snapshot(),
      close: () => {
        detach?.()
        this.close()
      }
    }
  }
}

module.exports = { Gate }
