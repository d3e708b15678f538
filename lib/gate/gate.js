'use strict'

const { binding } = require('../native/binding.js')
const monitor = require('../loop/monitor.js')
const { ContinueWatch, letContinue } = require('../requests/expect-continue.js')
const { exemptTest } = require('./exempt.js')
const { GateFigures } = require('./figures.js')
const { DescriptorReserve } = require('../limits/descriptor-reserve.js')
const { LIMIT_REASONS, Limits } = require('../limits/index.js')
const { NS_PER_MS, OUTCOME, REASONS, createController } = require('../admission/controller.js')
const { retryAfterSeconds } = require('./refusal.js')
const { classifier } = require('../admission/classify.js')
const { follow } = require('../requests/response-end.js')
const { trackedRequestOf } = require('../requests/watch.js')
const { Spill } = require('../accept-queue/spill.js')
const { InFlightEntry, InFlight } = require('./in-flight.js')
const { userFunction } = require('../options/user-function.js')

/**
 * @typedef {import('../limits/index.js').ExceededLimit} ExceededLimit
 * @typedef {import('./options.js').ShedInfo} ShedInfo
 *
 * @typedef {object} GateHandle what an adapter hands out
 * @property {() => import('./figures.js').GateStats} stats
 * @property {() => import('./figures.js').GateSnapshot} snapshot
 * @property {() => void} close lets everything pass from now on, and removes what was attached
 */

// In place of the moment at which the admission controller let a request in:
/** The admission controller does not know of the request, and is not told of its end. */
const NO_PLACE = -1
/** The admission controller would have refused it, in dry run: it is present all the same. */
const REFUSED = 0

/** For so long, and this many times as long as recent requests of its class took, a request keeps its place
 * whose client has left and whose handler goes on; but not longer than that: it may never say that it has ended. */
const LEAST_PATIENCE_MS = 1000
const PATIENCE_TIMES = 2
const MOST_PATIENCE_MS = 30_000

// What memory or a pool takes to recover, in which it is sampled some times.
const LIMIT_RETRY_S = 10
/** Where an adapter has judged the limits by itself. */
const NO_LIMITS = { exceeded: null }

/** Decides on requests, and counts them. One per adapter instance; a request passes one that enforces. */
class Gate {
  #options
  #isExempt
  #onShed
  #release
  #controller
  #classes
  #figures
  #reserve
  #continueWatch
  #inFlight = new InFlight()
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
    this.isDryRun = options.dryRun
    this.answersForHandler = answersForHandler
    this.#isExempt = exemptTest(options.exempt)
    this.#onShed = userFunction('onShed', 'SPILLWAY_ON_SHED', options.onShed ?? (() => {}))
    this.#controller = createController(options)
    this.#classes = classifier(options.classify, this.#controller, routing)
    /** An adapter that does not know all its servers shows it each request. */
    this.spill = new Spill(this.#controller, options, spillPlan, options.onShed && ((told) => this.#onShed(this.#spilled(told), undefined)))
    this.#release = monitor.acquire()
    this.limits = new Limits(options)
    this.#reserve = new DescriptorReserve(options, () => this.limits.touch())
    this.#continueWatch = new ContinueWatch()
    this.#figures = new GateFigures(options, this.#controller, this.#classes, this.limits, this.spill, this.#reserve, this.#inFlight)
  }

  /** @param {any} server all of whose requests it judges */
  watch (server) {
    this.spill.watch(server)
    this.#reserve.watch(server)
    if (!this.isDryRun) this.#continueWatch.watch(server)
  }

  /**
   * A request has come. Null: let it pass; it is counted until it is over. Otherwise it
   * is to be refused, and the figures say why.
   *
   * @param {any} raw Node's request
   * @param {any} res Node's response; null for an upgrade, which is not counted in flight
   * @param {any} request the framework's request, for the user's functions
   * @param {{ exceeded: ExceededLimit | null }} [limits] of the request's route, instead of the gate's
   * @returns {ShedInfo | null}
   */
  enter (raw, res, request, limits = this.limits) {
    const tracked = trackedRequestOf(raw, request)
    const info = this.#figures.closed || tracked.isKnownTo(this) ? null : this.#judge(tracked, res, request, limits)
    if (info === null && tracked.awaitsContinue && !this.isDryRun) letContinue(tracked, res)
    return info
  }

  /**
   * @param {import('../requests/tracked-request.js').TrackedRequest} tracked
   * @param {any} res
   * @param {any} request
   * @param {{ exceeded: ExceededLimit | null }} limits
   */
  #judge (tracked, res, request, { exceeded }) {
    const figures = this.#figures
    tracked.setKnownTo(this)
    this.limits.touch()
    if (this.#isExempt(tracked, request)) {
      figures.exempt++
      return null
    }
    const waitMs = tracked.waitMs >= 0 ? tracked.waitMs : binding.loopDelay()
    figures.remember(waitMs)

    tracked.candidate = ''
    const id = this.#classes.idOf(tracked, request)
    let entered = NO_PLACE
    if (exceeded !== null) {
      const info = this.#refuse(exceeded, tracked, request, id, waitMs)
      if (res !== null && !this.isDryRun) endConnection(exceeded, res)
      if (!this.isDryRun) return info
    } else {
      entered = this.#enterController(tracked, id, waitMs)
      if (entered < 0) {
        const reason = /** @type {import('../admission/controller.js').Reason} */ (REASONS[-entered])
        const info = this.#refuse({ reason }, tracked, request, id, waitMs)
        if (!this.isDryRun) return info
        entered = REFUSED
      }
    }
    figures.admitted++
    if (res !== null) {
      const entry = new InFlightEntry(this, tracked, id, entered)
      this.#inFlight.add(entry, entered !== NO_PLACE)
      follow(tracked, entry, res)
    } else if (entered !== NO_PLACE) this.#controller.leave(id, entered, OUTCOME.detached)
    return null
  }

  /**
   * @param {import('../requests/tracked-request.js').TrackedRequest} tracked
   * @param {number} id
   * @param {number} waitMs
   * @returns {number} see NativeController.enter
   */
  #enterController ({ queued }, id, waitMs) {
    const entered = this.#controller.enter(id, waitMs * NS_PER_MS, queued ? 1 : 0)
    if (entered >= 0 || REASONS[-entered] === 'delay' || !this.#detachEventStreams()) return entered
    return this.#controller.enter(id, waitMs * NS_PER_MS, queued ? 1 : 0)
  }

  /**
   * An event stream lasts as long as its client likes: it gives its place back.
   *
   * @returns {boolean} whether a place has come free
   */
  #detachEventStreams () {
    const streams = this.#inFlight.takeEventStreams()
    for (const entry of streams) {
      this.#controller.leave(entry.id, entry.entered, OUTCOME.detached)
      entry.entered = NO_PLACE
    }
    return streams.length > 0
  }

  /**
   * A request that this gate admitted is over.
   *
   * @param {InFlightEntry} entry
   * @param {number} outcome
   * @param {number} [status] of a response that was sent
   */
  leave (entry, outcome, status) {
    if (entry.entered !== NO_PLACE) this.#controller.leave(entry.id, entry.entered, outcome)
    if (entry.candidate !== '' && outcome === OUTCOME.completed && !isClientError(status)) this.#classes.served(entry.candidate)
    this.#inFlight.remove(entry)
    this.#releaseIfDone()
  }

  /**
   * How long a request that this gate admitted keeps its place, once its client has left and while its
   * handler has not ended.
   *
   * @param {InFlightEntry} entry
   * @returns {number} ms
   */
  patienceMs ({ id }) {
    const longestMs = this.#controller.snapshotOf(id).longestNs / NS_PER_MS
    return Math.min(MOST_PATIENCE_MS, Math.max(LEAST_PATIENCE_MS, PATIENCE_TIMES * longestMs))
  }

  /**
   * Counts a refusal, and tells of it.
   *
   * @param {{ reason: ShedInfo['reason'], value?: number, limit?: number }} refused
   * @param {import('../requests/tracked-request.js').TrackedRequest} tracked
   * @param {any} request
   * @param {number} id
   * @param {number} waitMs
   * @returns {ShedInfo}
   */
  #refuse (refused, tracked, request, id, waitMs) {
    const info = this.#refusal(refused, id, waitMs, tracked.waitMs >= 0)
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
    const delayLimitMs = this.#figures.delayLimitMs()
    this.#figures.countRefusal(reason)
    return {
      reason,
      count: 1,
      class: this.#classes.nameOf(id),
      waitMs,
      delayLimitMs,
      source: fromKernel ? 'kernel' : 'loop',
      inFlight: reason === 'inFlight' ? this.#controller.inFlightOf(id) : this.#inFlight.count,
      retryAfter: retryAfterSeconds(retryAfter, overBy(reason, waitMs / maxDelay)),
      ...limit,
      dryRun: this.isDryRun
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
      delayLimitMs: this.#figures.delayLimitMs(),
      source: 'kernel',
      inFlight: this.#inFlight.count,
      retryAfter,
      dryRun: false
    }
  }

  /**
   * What a limit on the process says of a request that has come, for an adapter whose user may let it
   * pass all the same: it is then to be given to `enter` with NO_LIMITS, or to `refuse`.
   *
   * @param {any} raw
   * @param {any} request
   * @param {{ evenExempt: boolean, evenJudged: boolean }} which `evenJudged`: by another gate
   * @returns {ExceededLimit | null}
   */
  overLimit (raw, request, { evenExempt, evenJudged }) {
    const { exceeded } = this.limits
    if (exceeded === null || this.isDryRun || this.#figures.closed) return null
    const tracked = trackedRequestOf(raw, request)
    return (tracked.judged && !evenJudged) || (!evenExempt && this.#isExempt(tracked, request)) ? null : exceeded
  }

  /**
   * Counts a request that a limit has refused, and tells of it.
   *
   * @param {any} raw
   * @param {any} res Node's response
   * @param {any} request
   * @param {ExceededLimit} exceeded as `overLimit` said
   * @returns {ShedInfo}
   */
  refuse (raw, res, request, exceeded) {
    endConnection(exceeded, res)
    const tracked = trackedRequestOf(raw, request)
    tracked.judged = true
    return this.#refuse(exceeded, tracked, request, this.#classes.idOf(tracked, request), Math.max(0, tracked.waitMs))
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
    if (this.#figures.closed && this.#inFlight.count === 0) this.#release()
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
 * @param {ExceededLimit} exceeded
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
