'use strict'

const { GateFigures } = require('./figures.js')
const { InFlight, InFlightEntry } = require('./in-flight.js')
const { ProvisionalRefusal } = require('./provisional-refusal.js')
const { Refusals } = require('./refusals.js')
const { NO_PLAN, createSpill } = require('../accept-queue/index.js')
const { classifier } = require('../admission/classify.js')
const { AdmissionController } = require('../admission/controller.js')
const { Limits } = require('../limits/index.js')
const { OUTCOME } = require('../requests/outcome.js')
const { follow, whenHandled } = require('../requests/response-end.js')
const requestWatch = require('../requests/watch.js')

/**
 * @typedef {import('../limits/index.js').ExceededLimit} ExceededLimit
 * @typedef {import('../requests/tracked-request.js').TrackedRequest} TrackedRequest
 * @typedef {import('./options.js').ShedInfo} ShedInfo
 *
 * @typedef {import('../requests/types.js').RequestWithView} RequestWithView
 *
 * @typedef {object} GateHandle what an adapter gives to its user
 * @property {() => import('./figures.js').GateStats} stats
 * @property {() => import('./figures.js').GateSnapshot} snapshot
 * @property {() => void} close admits everything from now on, and removes everything that was attached to the server
 *
 * @typedef {object} Terms how an adapter wants a request to be judged
 * @property {{ exceeded: ExceededLimit | null }} [limits] the limits of the request's route, in place of the gate's
 * @property {boolean} [exempt] whether the framework's own rules exempt it; default: false
 * @property {boolean} [limitsOnly] whether the limits on the process apply, but not the admission controller; default:
 *   false
 * @property {boolean} [nested] whether the limits apply even if another gate has judged the request; default: false
 * @property {number} [priority] of the request's route: its position in PRIORITIES
 * @property {boolean} [mayOverrule] whether a refusal by a limit is provisional; default: false
 *
 * @typedef {object} Visit a request that a gate refuses
 * @property {TrackedRequest} trackedRequest
 * @property {any} request the framework's
 * @property {number} classId
 * @property {number} waitNs
 */

// After its client has left, a request stays in flight while its handler runs. Some handlers never report that they
// have finished, so this time is limited to twice the duration of the longest recent request of the class, within these
// bounds.
const PATIENCE_FACTOR = 2
const MIN_PATIENCE_MS = 1000
const MAX_PATIENCE_MS = 30_000

/** Reasons of refusals that a free place would not have prevented, or that are not about places alone. */
const NOT_FOR_PLACES = new Set(['delay', 'fairShare', 'priority'])

/** @type {Terms & { mayOverrule?: false }} */
const NO_TERMS = Object.freeze({})

/**
 * Judges requests, and counts them. Each adapter instance has one. A request may pass several gates: every gate in dry run
 * judges it, but only the first of the other gates does, unless a nested gate's own limit is exceeded.
 */
class Gate {
  #options
  #isExempt
  #release
  #controller
  #classes
  #refusals
  #figures
  /** @type {import('./server-watch.js').ServerWatch | undefined} */
  #serverWatch
  #inFlight = new InFlight()
  #closed = false
  /** @readonly */
  limits

  /**
   * @param {any} options checked and complete
   * @param {object} [framework]
   * @param {import('../admission/classify.js').Routing} [framework.routing] how to find the route of a request
   * @param {import('../accept-queue/spill-plan.js').SpillPlan} [framework.spillPlan]
   * @param {boolean} [framework.answersForHandler] whether it ends the response when the client leaves, although the
   *   handler may still be running
   */
  constructor (options, {
    routing, spillPlan = NO_PLAN, answersForHandler = false
  } = {}) {
    this.#options = options
    this.isDryRun = options.dryRun
    this.answersForHandler = answersForHandler
    this.#isExempt = createExemptTest(options)
    this.#controller = new AdmissionController(options)
    this.#classes = classifier(options.classify, this.#controller, routing)
    this.#refusals = new Refusals(options, { controller: this.#controller, classes: this.#classes, inFlight: this.#inFlight })
    this.spill = createSpill(this.#controller.native, options, spillPlan,
      this.#refusals.areReported ? (report) => this.#refusals.reportSpill(report) : undefined)
    this.#release = requestWatch.acquire()
    requestWatch.showRequests()
    this.limits = new Limits(options)
    this.#figures = new GateFigures(options, {
      controller: this.#controller,
      classes: this.#classes,
      limits: this.limits,
      spill: this.spill,
      refusals: this.#refusals,
      inFlight: this.#inFlight
    })
  }

  /** @param {any} server of which this gate judges every request */
  watch (server) {
    this.spill.watch(server)
    const { ServerWatch } = require('./server-watch.js') // required on use
    this.#serverWatch ??= new ServerWatch(this.#options, () => this.limits.touch())
    this.#serverWatch.add(server)
  }

  /** The server that a request has arrived on. @param {any} raw Node's request */
  serverOf (raw) {
    const { connection } = requestWatch.trackedRequestOf(raw)
    return connection?.server ?? raw.socket?.server
  }

  /**
   * For adapters that find their servers through requests. Must be called for each request.
   *
   * @param {any} raw Node's request
   * @param {(request: any, server: any) => string} [whyNot] why the gate is not known to judge every request of the server;
   *   empty if it is. Once it is not, the spill is off
   */
  watchServerOf (raw, whyNot) {
    if (!this.spill.isOn) return
    const server = this.serverOf(raw)
    const why = whyNot?.(raw, server) ?? ''
    if (why === '') this.spill.watchAgain(server)
    else this.spill.forbid(why)
  }

  /**
   * Judges a request. If the result is null, the request is admitted, and is in flight until it ends. A refusal has been
   * counted and reported, unless it is provisional.
   *
   * @overload
   * @param {any} raw Node's request
   * @param {any} res Node's response; null for an upgrade, which is not counted in flight
   * @param {any} request the framework's request, for the user's functions
   * @param {Terms & { mayOverrule?: false }} [terms]
   * @returns {ShedInfo | null}
   */
  /**
   * @overload
   * @param {any} raw
   * @param {any} res
   * @param {any} request
   * @param {Terms} terms
   * @returns {ShedInfo | ProvisionalRefusal | null}
   */
  /**
   * @param {any} raw
   * @param {any} res
   * @param {any} request
   * @param {Terms} [terms]
   */
  decide (raw, res, request, terms = NO_TERMS) {
    const trackedRequest = requestWatch.trackedRequestOf(raw, request)
    return this.#concluded(trackedRequest, res, this.#judge(trackedRequest, res, request, terms))
  }

  /**
   * @template Decision
   * @param {TrackedRequest} trackedRequest
   * @param {any} res
   * @param {Decision} decision
   */
  #concluded (trackedRequest, res, decision) {
    if (decision === null && trackedRequest.awaitsContinue && !this.isDryRun) trackedRequest.sendContinue(res)
    return decision
  }

  /**
   * @param {TrackedRequest} trackedRequest
   * @param {any} res
   * @param {any} request
   * @param {Terms} terms
   */
  #judge (trackedRequest, res, request, { limits: { exceeded } = this.limits, exempt, limitsOnly, nested, priority, mayOverrule }) {
    const wasJudged = trackedRequest.isJudgedBy(this)
    const isOverLimit = exceeded !== null && !this.isDryRun
    if (this.#closed || (wasJudged && !(nested && isOverLimit))) return null
    trackedRequest.setJudgedBy(this)
    this.limits.touch()
    if (exempt || this.#isExempt?.(trackedRequest, request)) return wasJudged ? null : this.#exempt()
    if (limitsOnly && !isOverLimit) return this.#exempt()

    if (priority !== undefined) trackedRequest.routePriority = priority
    const { waitNs } = trackedRequest
    this.#figures.recordWait(waitNs)
    trackedRequest.candidate = ''
    const classId = this.#classes.idOf(trackedRequest, request)
    if (exceeded === null) return this.#askController(trackedRequest, res, request, classId, waitNs)
    const visit = { trackedRequest, request, classId, waitNs }
    if (this.isDryRun) {
      this.#refusals.add(exceeded, visit)
      return this.#admit(trackedRequest, res, classId, false, null)
    }
    const confirm = () => {
      if (res !== null) endConnection(exceeded, res)
      return this.#refusals.add(exceeded, visit)
    }
    if (!mayOverrule) return confirm()
    return new ProvisionalRefusal(exceeded, confirm, () => {
      if (this.#closed || wasJudged) return null
      return this.#concluded(trackedRequest, res, limitsOnly ? this.#exempt() : this.#askController(trackedRequest, res, request, classId, waitNs))
    })
  }

  /** Must be called as soon as a route is known that has a priority by the framework's own options. */
  useRoutePriorities () {
    this.#controller.usePriorities()
    this.spill.forbid('routes have priorities by their own options, and the spill does not know routes')
  }

  #exempt () {
    this.#figures.exempt++
    return null
  }

  /**
   * @param {TrackedRequest} trackedRequest
   * @param {any} res
   * @param {any} request
   * @param {number} classId
   * @param {number} waitNs
   */
  #askController (trackedRequest, res, request, classId, waitNs) {
    const entered = this.#enterController(trackedRequest, request, classId, waitNs)
    if (typeof entered === 'number') return this.#admit(trackedRequest, res, classId, true, entered)
    const info = this.#refusals.add({ reason: entered }, { trackedRequest, request, classId, waitNs })
    return this.isDryRun ? this.#admit(trackedRequest, res, classId, true, null) : info
  }

  /**
   * @param {TrackedRequest} trackedRequest
   * @param {any} request
   * @param {number} classId
   * @param {number} waitNs
   */
  #enterController (trackedRequest, request, classId, waitNs) {
    const { queued, isNew } = trackedRequest
    const entered = this.#controller.enter(classId, waitNs, queued, isNew, trackedRequest, request)
    if (typeof entered === 'number' || NOT_FOR_PLACES.has(entered) || !this.#freePlacesOfEventStreams()) return entered
    return this.#controller.enter(classId, waitNs, queued, isNew, trackedRequest, request)
  }

  /**
   * Frees the places of event streams: their clients decide how long they last, so they must not keep other requests out.
   *
   * @returns {boolean} whether a place has become free
   */
  #freePlacesOfEventStreams () {
    const entries = this.#inFlight.takePlacesOfEventStreams()
    for (const { classId, admittedAt } of entries) this.#controller.leave(classId, admittedAt, OUTCOME.detached)
    return entries.length > 0
  }

  /**
   * @param {TrackedRequest} trackedRequest
   * @param {any} res
   * @param {number} classId
   * @param {boolean} holdsPlace whether the admission controller has judged the request
   * @param {number | null} admittedAt
   */
  #admit (trackedRequest, res, classId, holdsPlace, admittedAt) {
    this.#figures.admitted++
    if (res !== null) {
      const entry = new InFlightEntry(this, trackedRequest, classId, admittedAt)
      this.#inFlight.add(entry, holdsPlace)
      follow(trackedRequest, entry, res)
    } else {
      // Nobody waits for a response.
      trackedRequest.deadlineAt = Infinity
      if (holdsPlace) this.#controller.leave(classId, admittedAt, OUTCOME.detached)
    }
    return null
  }

  /**
   * Must be called when a request that this gate admitted has ended.
   *
   * @param {InFlightEntry} entry
   * @param {number} outcome
   */
  leave (entry, outcome) {
    if (entry.holdsPlace) this.#controller.leave(entry.classId, entry.admittedAt, outcome)
    if (entry.candidate !== '' && outcome === OUTCOME.completed && !isClientError(entry.trackedRequest.res)) this.#classes.served(entry.candidate)
    this.#inFlight.remove(entry)
    this.#releaseIfDone()
  }

  /**
   * @param {InFlightEntry} entry
   * @returns {number} how long it stays in flight after its client has left, unless its handler finishes earlier
   */
  patienceMs ({ classId }) {
    return Math.min(MAX_PATIENCE_MS, Math.max(MIN_PATIENCE_MS, PATIENCE_FACTOR * this.#controller.longestMs(classId)))
  }

  /**
   * For frameworks that report when a handler has finished, whether or not it has ended the response.
   *
   * @param {any} raw Node's request
   * @param {PromiseLike<unknown>} handled
   */
  followHandler (raw, handled) {
    whenHandled(requestWatch.trackedRequestOf(raw), handled)
  }

  close () {
    this.#closed = true
    this.spill.close()
    this.#serverWatch?.close()
    this.limits.close()
    this.#releaseIfDone()
  }

  // Requests that are still in flight must be tracked until they end.
  #releaseIfDone () {
    if (this.#closed && this.#inFlight.count === 0) this.#release()
  }

  /**
   * Creates what the adapter gives to its user.
   *
   * @param {() => void} [detach] undoes what the adapter attached
   * @returns {GateHandle}
   */
  handle (detach) {
    return {
      stats: () => this.#figures.stats(this.#serverWatch?.droppedConnections ?? 0),
      snapshot: () => {
        this.#freePlacesOfEventStreams()
        return this.#figures.snapshot(this.#closed)
      },
      close: () => {
        detach?.()
        this.close()
      }
    }
  }
}

/** @param {any} options */
function createExemptTest ({ exempt }) {
  if (Array.isArray(exempt) && exempt.length === 0) return undefined
  const { exemptTest } = require('./exempt.js') // required on use
  return exemptTest(exempt)
}

/**
 * Closes the connection if the limit on file descriptors is exceeded, so that each refusal frees one.
 *
 * @param {ExceededLimit} exceeded
 * @param {any} res Node's response
 */
function endConnection ({ reason }, res) {
  if (reason === 'fdRatio') res.shouldKeepAlive = false
}

/**
 * Clients can cause any number of client errors for any path, so these must not give a path a class of its own.
 *
 * @param {any} res Node's response or an Http2Stream, which was sent
 */
function isClientError (res) {
  const status = res.statusCode ?? res.sentHeaders[':status']
  return status >= 400 && status < 500
}

module.exports = { Gate }
