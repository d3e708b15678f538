'use strict'

const { binding } = require('../native/binding.js')
const monitor = require('../loop/monitor.js')
const { ContinueWatch, letContinue } = require('../requests/continue-watch.js')
const { exemptTest } = require('./exempt.js')
const { GateFigures } = require('./figures.js')
const { DescriptorReserve } = require('../limits/descriptor-reserve.js')
const { LIMIT_REASONS, Limits } = require('../limits/index.js')
const { NS_PER_MS, OUTCOME, REASONS, createLaw } = require('../admission/law.js')
const { retryAfterSeconds } = require('./refusal.js')
const { classifier } = require('../admission/classify.js')
const { follow } = require('../requests/departure.js')
const { arrivalOf } = require('../requests/request-watch.js')
const { Spill } = require('../accept-queue/spill.js')
const { Stay, Stays } = require('./stays.js')
const { userFunction } = require('../options/user-function.js')

/**
 * @typedef {import('../limits/index.js').Over} Over
 * @typedef {import('./options.js').ShedInfo} ShedInfo
 *
 * @typedef {object} GateHandle what an adapter hands out
 * @property {() => import('./figures.js').GateStats} stats
 * @property {() => import('./figures.js').GateSnapshot} snapshot
 * @property {() => void} close lets everything pass from now on, and removes what was attached
 */

// In place of the moment at which the law let a request in:
/** The law does not know of the request, and is not told of its end. */
const NO_PLACE = -1
/** The law would have refused it, in dry run: it is present all the same. */
const REFUSED = 0

/** For so long, and this many times as long as recent requests of its class took, a request keeps its place
 * whose client has left and whose handler goes on; but not longer than that: it may never say that it has ended. */
const LEAST_PATIENCE_MS = 1000
const PATIENCE_TIMES = 2
const MOST_PATIENCE_MS = 30_000

// What memory or a pool takes to recover, in which it is sampled some times.
const LIMIT_RETRY_S = 10
/** Where an adapter has judged the limits by itself. */
const NO_LIMITS = { over: null }

/** Decides on requests, and counts them. One per adapter instance; a request passes one that enforces. */
class Gate {
  #options
  #isExempt
  #onShed
  #release
  #law
  #classes
  #figures
  #reserve
  #continueWatch
  #stays = new Stays()
  /** @readonly */
  limits

  /**
   * @param {any} options of the shared table, checked and complete
   * @param {object} [framework]
   * @param {import('../admission/classify.js').Routing} [framework.routing] how it tells a request's route
   * @param {import('../accept-queue/spill-plan.js').SpillPlan} [framework.spillPlan] what may be refused before Node has accepted it
   * @param {boolean} [framework.answersForHandler] whether it ends the response to a client that has left, while the
   *   handler may still be at work
   */
  constructor (options, { routing, spillPlan = { why: 'not told of', exempt: [] }, answersForHandler = false } = {}) {
    this.#options = options
    /** It only watches: whatever it says, it changes nothing for anybody. */
    this.observes = options.observe
    this.answersForHandler = answersForHandler
    this.#isExempt = exemptTest(options.exempt)
    this.#onShed = userFunction('onShed', 'SPILLWAY_ON_SHED', options.onShed ?? (() => {}))
    this.#law = createLaw(options)
    this.#classes = classifier(options.classify, this.#law, routing)
    /** An adapter that does not know all its servers shows it each request. */
    this.spill = new Spill(this.#law, options, spillPlan, options.onShed && ((told) => this.#onShed(this.#spilled(told), undefined)))
    this.#release = monitor.acquire()
    this.limits = new Limits(options)
    this.#reserve = new DescriptorReserve(options, () => this.limits.touch())
    this.#continueWatch = new ContinueWatch()
    this.#figures = new GateFigures(options, this.#law, this.#classes, this.limits, this.spill, this.#reserve, this.#stays)
  }

  /** @param {any} server all of whose requests it judges */
  watch (server) {
    this.spill.watch(server)
    this.#reserve.watch(server)
    if (!this.observes) this.#continueWatch.watch(server)
  }

  /**
   * A request has come. Null: let it pass; it is counted until it is over. Otherwise it
   * is to be refused, and the figures say why.
   *
   * @param {any} raw Node's request
   * @param {any} res Node's response; null for an upgrade, which is not counted in flight
   * @param {any} request the framework's request, for the user's functions
   * @param {{ over: Over | null }} [limits] of the request's route, instead of the gate's
   * @returns {ShedInfo | null}
   */
  enter (raw, res, request, limits = this.limits) {
    const arrival = arrivalOf(raw, request)
    const info = this.#figures.closed || arrival.isKnownTo(this) ? null : this.#judge(arrival, res, request, limits)
    if (info === null && arrival.awaitsContinue && !this.observes) letContinue(arrival, res)
    return info
  }

  /**
   * @param {import('../requests/arrival.js').Arrival} arrival
   * @param {any} res
   * @param {any} request
   * @param {{ over: Over | null }} limits
   */
  #judge (arrival, res, request, { over }) {
    const figures = this.#figures
    arrival.setKnownTo(this)
    this.limits.touch()
    if (this.#isExempt(arrival, request)) {
      figures.exempt++
      return null
    }
    const waitMs = arrival.waitMs >= 0 ? arrival.waitMs : binding.loopDelay()
    figures.remember(waitMs)

    arrival.candidate = ''
    const id = this.#classes.idOf(arrival, request)
    let entered = NO_PLACE
    if (over !== null) {
      const info = this.#refuse(over, arrival, request, id, waitMs)
      if (res !== null && !this.observes) endConnection(over, res)
      if (!this.observes) return info
    } else {
      entered = this.#enterLaw(arrival, id, waitMs)
      if (entered < 0) {
        const reason = /** @type {import('../admission/law.js').Reason} */ (REASONS[-entered])
        const info = this.#refuse({ reason }, arrival, request, id, waitMs)
        if (!this.observes) return info
        entered = REFUSED
      }
    }
    figures.admitted++
    if (res !== null) {
      const stay = new Stay(this, arrival, id, entered)
      this.#stays.add(stay, entered !== NO_PLACE)
      follow(arrival, stay, res)
    } else if (entered !== NO_PLACE) this.#law.leave(id, entered, OUTCOME.detached)
    return null
  }

  /**
   * @param {import('../requests/arrival.js').Arrival} arrival
   * @param {number} id
   * @param {number} waitMs
   * @returns {number} see NativeLaw.enter
   */
  #enterLaw ({ queued }, id, waitMs) {
    const entered = this.#law.enter(id, waitMs * NS_PER_MS, queued ? 1 : 0)
    if (entered >= 0 || REASONS[-entered] === 'delay' || !this.#detachEventStreams()) return entered
    return this.#law.enter(id, waitMs * NS_PER_MS, queued ? 1 : 0)
  }

  /**
   * An event stream lasts as long as its client likes: it gives its place back.
   *
   * @returns {boolean} whether a place has come free
   */
  #detachEventStreams () {
    const streams = this.#stays.takeEventStreams()
    for (const stay of streams) {
      this.#law.leave(stay.id, stay.entered, OUTCOME.detached)
      stay.entered = NO_PLACE
    }
    return streams.length > 0
  }

  /**
   * A request that this gate admitted is over.
   *
   * @param {Stay} stay
   * @param {number} outcome
   * @param {number} [status] of a response that was sent
   */
  leave (stay, outcome, status) {
    if (stay.entered !== NO_PLACE) this.#law.leave(stay.id, stay.entered, outcome)
    if (stay.candidate !== '' && outcome === OUTCOME.completed && !isClientError(status)) this.#classes.served(stay.candidate)
    this.#stays.remove(stay)
    this.#releaseIfDone()
  }

  /**
   * How long a request that this gate admitted keeps its place, once its client has left and while its
   * handler has not ended.
   *
   * @param {Stay} stay
   * @returns {number} ms
   */
  patienceMs ({ id }) {
    const longestMs = this.#law.snapshotOf(id).longestNs / NS_PER_MS
    return Math.min(MOST_PATIENCE_MS, Math.max(LEAST_PATIENCE_MS, PATIENCE_TIMES * longestMs))
  }

  /**
   * Counts a refusal, and tells of it.
   *
   * @param {{ reason: ShedInfo['reason'], value?: number, limit?: number }} refused
   * @param {import('../requests/arrival.js').Arrival} arrival
   * @param {any} request
   * @param {number} id
   * @param {number} waitMs
   * @returns {ShedInfo}
   */
  #refuse (refused, arrival, request, id, waitMs) {
    const info = this.#refusal(refused, id, waitMs, arrival.waitMs >= 0)
    this.#onShed(info, request)
    return info
  }

  /**
   * @param {{ reason: ShedInfo['reason'], value?: number, limit?: number }} refused
   * @param {number} id
   * @param {number} waitMs
   * @param {boolean} fromKernel
   * @returns {ShedInfo}
   */
  #refusal ({ reason, ...limit }, id, waitMs, fromKernel) {
    const { maxDelay, retryAfter } = this.#options
    const limitMs = this.#figures.waitLimitMs()
    this.#figures.countRefusal(reason)
    return {
      reason,
      count: 1,
      class: this.#classes.nameOf(id),
      waitMs,
      limitMs,
      source: fromKernel ? 'kernel' : 'loop',
      inFlight: reason === 'inFlight' ? this.#law.inFlightOf(id) : this.#stays.count,
      retryAfter: retryAfterSeconds(retryAfter, overBy(reason, waitMs / maxDelay)),
      ...limit,
      observed: this.observes
    }
  }

  /**
   * @param {import('../accept-queue/spill.js').SpillTold} told
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
      inFlight: this.#stays.count,
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
    if (over === null || this.observes || this.#figures.closed) return null
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
    return this.#refuse(over, arrival, request, this.#classes.idOf(arrival, request), Math.max(0, arrival.waitMs))
  }

  close () {
    this.spill.close()
    this.#reserve.close()
    this.#continueWatch.close()
    this.#figures.closed = true
    this.limits.close()
    this.#releaseIfDone()
  }

  // Until the last response that it admitted is over, it is to be told of its end.
  #releaseIfDone () {
    if (this.#figures.closed && this.#stays.count === 0) this.#release()
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
      snapshot: () => {
        this.#detachEventStreams()
        return this.#figures.snapshot()
      },
      close: () => {
        detach?.()
        this.close()
      }
    }
  }
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
 * Strangers can make as many of these as they like.
 *
 * @param {number | undefined} status
 */
function isClientError (status) {
  return status !== undefined && status >= 400 && status < 500
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
