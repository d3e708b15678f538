'use strict'

const { binding } = require('./binding.js')
const monitor = require('./monitor.js')
const { isEventStream } = require('./event-stream.js')
const { exemptTest } = require('./exempt.js')
const { GateFigures } = require('./gate-figures.js')
const { DescriptorReserve } = require('./limits/descriptor-reserve.js')
const { LIMIT_REASONS, Limits } = require('./limits/index.js')
const { NS_PER_MS, OUTCOME, REASONS, createLaw } = require('./law.js')
const { retryAfterSeconds } = require('./refusal.js')
const { classifier } = require('./classify.js')
const { arrivalOf, follow } = require('./request-watch.js')
const { Spill } = require('./spill.js')
const { userFunction } = require('./user-function.js')

/**
 * @typedef {import('./limits/index.js').Over} Over
 * @typedef {import('./options.js').ShedInfo} ShedInfo
 *
 * @typedef {object} GateHandle what an adapter hands out
 * @property {() => import('./gate-figures.js').GateStats} stats
 * @property {() => import('./gate-figures.js').GateSnapshot} snapshot
 * @property {() => void} close lets everything pass from now on, and removes what was attached
 */

/** In place of the moment at which the law let a request in. */
const NO_PLACE = -1

// What memory or a pool takes to recover, in which it is sampled some times.
const LIMIT_RETRY_S = 10
/** Where an adapter has judged the limits by itself. */
const NO_LIMITS = { over: null }

/** Decides on requests, and counts them. One per adapter instance; a request passes one gate. */
class Gate {
  #options
  #isExempt
  #onShed
  #release
  #law
  #classes
  #figures
  #reserve
  /** @readonly */
  limits

  /**
   * @param {any} options of the shared table, checked and complete
   * @param {import('./classify.js').Routing} [routing] how the framework tells a request's route
   * @param {import('./spill-plan.js').SpillPlan} [spillPlan] what may be refused before Node has accepted it
   */
  constructor (options, routing, spillPlan = { why: 'not told of', exempt: [] }) {
    this.#options = options
    this.#isExempt = exemptTest(options.exempt)
    this.#onShed = userFunction('onShed', 'SPILLWAY_ON_SHED', options.onShed ?? (() => {}))
    this.#law = createLaw(options)
    this.#classes = classifier(options.classify, this.#law, routing)
    /** An adapter that does not know all its servers shows it each request. */
    this.spill = new Spill(this.#law, options, spillPlan, options.onShed && ((told) => this.#onShed(this.#spilled(told), undefined)))
    this.#release = monitor.acquire()
    this.limits = new Limits(options)
    this.#reserve = new DescriptorReserve(options, () => this.limits.touch())
    this.#figures = new GateFigures(options, this.#law, this.#classes, this.limits, this.spill, this.#reserve)
  }

  /** @param {any} server all of whose requests it judges */
  watch (server) {
    this.spill.watch(server)
    this.#reserve.watch(server)
  }

  /**
   * A request has come. Null: let it pass; it is counted until its response is over. Otherwise it
   * is to be refused, and the figures say why.
   *
   * @param {any} raw Node's request
   * @param {any} res Node's response; null for an upgrade, which is not counted in flight
   * @param {any} request the framework's request, for the user's functions
   * @param {{ over: Over | null }} [limits] of the request's route, instead of the gate's
   * @returns {ShedInfo | null}
   */
  enter (raw, res, request, limits = this.limits) {
    const figures = this.#figures
    if (figures.closed) return null
    const arrival = arrivalOf(raw, request)
    if (arrival.judged) return null
    arrival.judged = true
    this.limits.touch()
    if (this.#isExempt(arrival, request)) {
      figures.exempt++
      return null
    }
    const waitMs = arrival.waitMs >= 0 ? arrival.waitMs : binding.loopDelay()
    figures.remember(waitMs)

    const id = this.#classes.idOf(arrival, request)
    const { over } = limits
    if (over !== null) {
      const info = this.#refusal(over, id, waitMs, arrival.waitMs >= 0)
      if (res !== null) endConnection(over, res)
      this.#onShed(info, request)
      if (!info.observed) return info
    }
    let entered = this.#law.enter(id, waitMs * NS_PER_MS)
    if (entered < 0) {
      // Observed above already: once refused is enough.
      if (over === null) {
        const reason = /** @type {import('./law.js').Reason} */ (REASONS[-entered])
        const info = this.#refusal({ reason }, id, waitMs, arrival.waitMs >= 0)
        this.#onShed(info, request)
        if (!info.observed) return info
      }
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
    arrival.res = res
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
    if (arrival.candidate !== '' && outcome === OUTCOME.completed && !isClientError(arrival.res)) {
      this.#classes.served(arrival.candidate)
    }
    this.#figures.inFlight--
    this.#releaseIfDone()
  }

  /**
   * @param {{ reason: ShedInfo['reason'], value?: number, limit?: number }} refused
   * @param {number} id
   * @param {number} waitMs
   * @param {boolean} fromKernel
   * @returns {ShedInfo}
   */
  #refusal ({ reason, ...limit }, id, waitMs, fromKernel) {
    const { maxDelay, observe, retryAfter } = this.#options
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
      retryAfter: retryAfterSeconds(retryAfter, overBy(reason, waitMs / maxDelay)),
      ...limit,
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

  /**
   * What a limit on the process says of a request that has come, for an adapter whose user may let it
   * pass all the same: it is then to be given to `enter` with NO_LIMITS, or to `refuse`.
   *
   * @param {any} raw
   * @param {any} request
   * @param {{ evenExempt: boolean, evenJudged: boolean }} which `evenJudged`: by another gate
   * @returns {Over | null}
   */
  overLimit (raw, request, { evenExempt, evenJudged }) {
    const { over } = this.limits
    if (over === null || this.#options.observe || this.#figures.closed) return null
    const arrival = arrivalOf(raw, request)
    return (arrival.judged && !evenJudged) || (!evenExempt && this.#isExempt(arrival, request)) ? null : over
  }

  /**
   * Counts a request that a limit has refused, and tells of it.
   *
   * @param {any} raw
   * @param {any} res Node's response
   * @param {any} request
   * @param {Over} over as `overLimit` said
   * @returns {ShedInfo}
   */
  refuse (raw, res, request, over) {
    endConnection(over, res)
    const arrival = arrivalOf(raw, request)
    arrival.judged = true
    const { waitMs } = arrival
    const info = this.#refusal(over, this.#classes.idOf(arrival, request), Math.max(0, waitMs), waitMs >= 0)
    this.#onShed(info, request)
    return info
  }

  close () {
    this.spill.close()
    this.#reserve.close()
    this.#figures.closed = true
    this.limits.close()
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

/** @param {any} res Node's response */
function isClientError ({ statusCode }) {
  return statusCode >= 400 && statusCode < 500
}

/**
 * Where descriptors run out, each that is refused gives one back.
 *
 * @param {Over} over
 * @param {any} res Node's response
 */
function endConnection ({ reason }, res) {
  if (reason === 'fdRatio') res.shouldKeepAlive = false
}

/**
 * @param {ShedInfo['reason']} reason
 * @param {number} waits the wait as a multiple of what was allowed
 */
function overBy (reason, waits) {
  if (reason === 'delay') return waits
  return LIMIT_REASONS.has(reason) ? LIMIT_RETRY_S : 1
}

module.exports = { Gate, LIMIT_RETRY_S, NO_LIMITS }
