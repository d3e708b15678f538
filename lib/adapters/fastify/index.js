'use strict'

const fp = require('fastify-plugin')
const { NO_ROUTE } = require('../../admission/classify.js')
const { exemptTest } = require('../../gate/exempt.js')
const { askPressureHandler } = require('./pressure-handler.js')
const { addStatusRoute, statusRouteRow } = require('./status-route.js')
const { Gate, LIMIT_RETRY_S, NO_LIMITS } = require('../../gate/gate.js')
const { LIMIT_REASONS } = require('../../limits/index.js')
const { gateOptions } = require('../../gate/options.js')
const { STATUS, ShedError } = require('../../gate/refusal.js')
const { trackedRequestOf } = require('../../requests/watch.js')
const { planSpill } = require('../../accept-queue/spill-plan.js')
const { readOptions } = require('../../options/read.js')
const { functionRow, isFunction } = require('../../options/rows.js')

/**
 * @typedef {import('./types.js').Handle} GateHandle
 * @typedef {import('./types.js').PressureHandler} PressureHandler
 * @typedef {import('../../limits/index.js').ExceededLimit} ExceededLimit
 * @typedef {import('../../gate/options.js').ShedInfo} ShedInfo
 * @typedef {import('fastify').FastifyInstance} FastifyInstance
 * @typedef {import('fastify').FastifyRequest} FastifyRequest
 * @typedef {import('fastify').FastifyReply} FastifyReply
 *
 * @typedef {(error?: Error) => void} Next
 *
 * @typedef {object} AnswerOptions
 * @property {(request: FastifyRequest, reply: FastifyReply, info: ShedInfo) => unknown} [respond]
 *   answers instead of the 503: by `reply.send()`, or by the promise of a payload
 * @property {PressureHandler} [pressureHandler] asked where a limit on the process is exceeded: answers, by
 *   `reply.send()` or by what it returns (of a promise, nothing is sent), or else lets the request pass. A
 *   route's own (`config.pressureHandler`) comes first
 * @property {new () => Error} [customError] the error of each refusal
 * @property {boolean | string | import('./status-route.js').StatusRoute} [exposeStatusRoute] adds a route
 *   that the limits are judged for, and the admission controller is not
 * @property {(fastify: FastifyInstance) => unknown} [healthCheck] false, or a promise of it, or a failure: all is refused
 *
 * @typedef {Omit<import('../../gate/options.js').GateOptions<FastifyRequest>, 'healthCheck'> & AnswerOptions} FastifyOptions
 */

const table = {
  ...gateOptions,
  respond: functionRow,
  pressureHandler: functionRow,
  customError: { takes: 'a class of errors', hasType: isConstructor },
  exposeStatusRoute: statusRouteRow
}
// Fastify's own, which `register()` hands on with the rest.
const REGISTER_OPTIONS = ['prefix', 'logLevel', 'logSerializers']
// As `condition && function` gives, which @fastify/under-pressure takes for nothing.
const MAY_BE_FALSE = ['healthCheck', 'pressureHandler', 'customError']
const UNDER_PRESSURE = 'FST_UNDER_PRESSURE'

/**
 * Fastify has routed by then.
 *
 * @type {import('../../admission/classify.js').Routing}
 */
const routing = {
  pathOf: (tracked, request) => request.routeOptions.url ?? NO_ROUTE,
  routeOf: (method, pattern) => pattern
}

/**
 * Asynchronous, because what a plugin with a callback throws ends the process.
 *
 * @type {import('fastify').FastifyPluginAsync<FastifyOptions>}
 */
const fastifyUnderPressure = async (fastify, given) => {
  const options = ownOptions(given)
  const { respond, pressureHandler, customError, exposeStatusRoute, healthCheck, ...settings } =
    readOptions('spillway/fastify', table, options)
  const checkHealth = healthCheck && healthChecker(fastify, healthCheck)
  const statusUrl = addStatusRoute(fastify, exposeStatusRoute, async (reply) => {
    const result = await checkHealth?.() ?? true
    if (result) return result
    throw errorOf(/** @type {any} */ ({ reason: 'healthCheck', retryAfter: LIMIT_RETRY_S }), reply)
  })
  // The outer plugin has judged by its own limits, and by the admission controller.
  const isInner = fastify.hasDecorator('spillway')
  // Of an encapsulated plugin, the server has requests that are none of its business.
  const judgesAll = Object.hasOwn(fastify, 'server')
  const spillPlan = planSpill('spillway/fastify', { ...settings, respond, customError }, judgesAll, statusUrl)
  const isExempt = exemptTest(settings.exempt)
  const gateSettings = { ...settings, healthCheck: checkHealth }
  if (statusUrl !== undefined) {
    gateSettings.exempt = (/** @type {FastifyRequest} */ request) => isStatus(request) || isExempt(trackedRequestOf(request.raw, request), request)
    // Who is asked at each request for the status need not be asked in between.
    if (options.healthCheckInterval === undefined) gateSettings.healthCheckInterval = undefined
  }
  const gate = new Gate(gateSettings, { routing, spillPlan })
  const handle = gate.handle()

  fastify.decorate('spillway', handle)
  if (judgesAll) gate.watch(fastify.server)
  else gate.spill.watch(fastify.server)
  fastify.decorate('isUnderPressure', () => gate.limits.exceeded !== null)
  fastify.decorate('memoryUsage', () => {
    const { eventLoopDelay, rssBytes, heapUsedBytes, eventLoopUtilization } = /** @type {any} */ (gate.limits.load)
    return { eventLoopDelay: eventLoopDelay ?? 0, rssBytes: rssBytes ?? 0, heapUsed: heapUsedBytes ?? 0, eventLoopUtilized: eventLoopUtilization ?? 0 }
  })
  fastify.addHook('onRequest', (request, reply, next) => {
    // Fastify makes a server of its own for each further address of localhost.
    gate.spill.seen(request.raw)
    // Fastify makes a new object of the route's options at each look.
    if (gate.limits.exceeded === null) return judge(request, reply, next, gate.limits)
    const own = request.routeOptions.config?.pressureHandler
    const handler = isFunction(own) ? own : pressureHandler
    const isOfStatus = statusUrl !== undefined && isStatus(request) && !isExempt(trackedRequestOf(request.raw, request), request)
    const exceeded = handler !== undefined || isOfStatus || isInner
      ? gate.overLimit(request.raw, request, { evenExempt: isOfStatus, evenJudged: isInner })
      : null
    if (exceeded === null) return judge(request, reply, next, gate.limits)
    const countRefusal = () => gate.refuse(request.raw, reply.raw, request, exceeded)
    if (handler === undefined) return refuse(countRefusal(), reply, next)
    askPressureHandler(handler, exceeded, request, reply, {
      refused: countRefusal,
      pass: () => judge(request, reply, next, NO_LIMITS),
      fail (error) {
        countRefusal()
        next(error)
      }
    })
  })
  fastify.addHook('onClose', (instance, next) => {
    handle.close()
    next()
  })
  await gate.limits.ready

  /** @param {FastifyRequest} request */
  function isStatus (request) {
    return request.routeOptions.url === statusUrl
  }

  /**
   * @param {FastifyRequest} request
   * @param {FastifyReply} reply
   * @param {Next} next
   * @param {{ exceeded: ExceededLimit | null }} limits
   */
  function judge (request, reply, next, limits) {
    const info = gate.enter(request.raw, reply.raw, request, limits)
    if (info === null) return next()
    if (respond === undefined) return refuse(info, reply, next)
    new Promise((resolve) => resolve(respond(request, reply, info))).then(
      (payload) => { if (payload !== undefined && !reply.sent) reply.send(payload) }
    ).catch(next)
  }

  /**
   * @param {ShedInfo} info
   * @param {FastifyReply} reply
   * @param {Next} next
   */
  function refuse (info, reply, next) {
    next(errorOf(info, reply))
  }

  /**
   * @param {ShedInfo} info
   * @param {FastifyReply} reply
   */
  function errorOf (info, reply) {
    const isLimit = LIMIT_REASONS.has(info.reason)
    const retryAfter = isLimit && options?.retryAfter === undefined ? LIMIT_RETRY_S : info.retryAfter
    reply.code(STATUS).header('Retry-After', retryAfter)
    if (customError !== undefined) return new customError() // eslint-disable-line new-cap
    return new ShedError(settings.message, { ...info, retryAfter }, isLimit ? UNDER_PRESSURE : undefined)
  }
}

/**
 * The user's health check, which the log is told of where it fails.
 *
 * @param {FastifyInstance} fastify
 * @param {(fastify: FastifyInstance) => unknown} healthCheck
 */
function healthChecker (fastify, healthCheck) {
  return async () => {
    try {
      return await healthCheck(fastify)
    } catch (error) {
      fastify.log.error({ err: error }, 'healthCheck failed, and what it stands for is taken for ill')
      return false
    }
  }
}

/** @param {any} value */
function isConstructor (value) {
  try {
    Reflect.construct(Object, [], value) // runs nothing of it
    return true
  } catch {
    return false
  }
}

/** @param {any} given */
function ownOptions (given) {
  if (typeof given !== 'object' || Array.isArray(given)) return given
  const isOwn = (/** @type {[string, unknown]} */ [name, value]) =>
    !REGISTER_OPTIONS.includes(name) && !(value === false && MAY_BE_FALSE.includes(name))
  return Object.fromEntries(Object.entries(given).filter(isOwn))
}

/**
 * The plugin under the name of @fastify/under-pressure, for applications in which another plugin depends on that name. Another
 * function, because fastify-plugin keeps the name on the function.
 *
 * @type {import('fastify').FastifyPluginAsync<FastifyOptions>}
 */
async function underPressure (fastify, options) {
  await fastifyUnderPressure(fastify, options)
}

/**
 * The exported function itself, which fastify-plugin marks and gives back.
 *
 * @param {any} plugin
 * @returns {import('./types.js').Plugin<FastifyOptions>}
 */
function asExported (plugin) {
  return plugin
}

module.exports = fp(fastifyUnderPressure, { fastify: '5.x', name: 'spillway' })
// One assignment for each name: Node reads the names of `import { TYPE_RSS_BYTES }` from the source text.
module.exports.fastifyUnderPressure = asExported(fastifyUnderPressure)
module.exports.default = asExported(fastifyUnderPressure) // for `register(import('spillway/fastify'))` in TypeScript without esModuleInterop
module.exports.underPressure = fp(underPressure, { fastify: '5.x', name: '@fastify/under-pressure' })
module.exports.TYPE_EVENT_LOOP_DELAY = /** @type {const} */ ('eventLoopDelay')
module.exports.TYPE_EVENT_LOOP_UTILIZATION = /** @type {const} */ ('eventLoopUtilization')
module.exports.TYPE_HEALTH_CHECK = /** @type {const} */ ('healthCheck')
module.exports.TYPE_HEAP_USED_BYTES = /** @type {const} */ ('heapUsedBytes')
module.exports.TYPE_RSS_BYTES = /** @type {const} */ ('rssBytes')
