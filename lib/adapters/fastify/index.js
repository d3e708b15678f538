'use strict'

const fp = require('fastify-plugin')
const { NO_ROUTE } = require('../../admission/classify.js')
const { askPressureHandler } = require('./pressure-handler.js')
const { addStatusRoute, statusRouteRow } = require('./status-route.js')
const { contentOf, jsonOf } = require('../../accept-queue/content.js')
const { createGate } = require('../../gate/index.js')
const { ProvisionalRefusal } = require('../../gate/provisional-refusal.js')
const { LIMIT_REASONS } = require('../../limits/table.js')
const { gateOptions } = require('../../gate/options.js')
const { RoutePriorities } = require('./route-priorities.js')
const { STATUS, ShedError } = require('../../gate/refusal.js')
const { readOptions } = require('../../options/read.js')
const { functionRow, isFunction } = require('../../options/rows.js')

/**
 * @typedef {import('./types.js').Handle} GateHandle
 * @typedef {import('./types.js').PressureHandler} PressureHandler
 * @typedef {import('../../gate/options.js').ShedInfo} ShedInfo
 * @typedef {import('fastify').FastifyInstance} FastifyInstance
 * @typedef {import('fastify').FastifyRequest} FastifyRequest
 * @typedef {import('fastify').FastifyReply} FastifyReply
 *
 * @typedef {object} AnswerOptions
 * @property {(request: FastifyRequest, reply: FastifyReply, info: ShedInfo) => unknown} [respond] replies in place of the
 *   503: calls `reply.send()`, or returns the payload or a promise of it
 * @property {PressureHandler} [pressureHandler] called for each request that a limit on the process would refuse. It
 *   refuses the request by replying, with `reply.send()` or its return value (unless that is a promise); otherwise the
 *   limit does not apply. A route's own `config.pressureHandler` takes precedence
 * @property {new () => Error} [customError] class of the error that each refusal causes
 * @property {boolean | string | import('./status-route.js').StatusRoute} [exposeStatusRoute] adds a route to which the
 *   limits on the process apply, but not the admission controller
 * @property {(fastify: FastifyInstance) => unknown} [healthCheck] while it returns a falsy value, or a promise of one, or
 *   fails, all requests are refused
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
// Fastify's own options, which `register()` passes on with those of the plugin.
const REGISTER_OPTIONS = ['prefix', 'logLevel', 'logSerializers']
// @fastify/under-pressure ignores these options if they are false, so that `condition && fn` works.
const MAY_BE_FALSE = ['healthCheck', 'pressureHandler', 'customError']
const UNDER_PRESSURE = 'FST_UNDER_PRESSURE'
const STATUS_TEXT = 'Service Unavailable'
/** The default of @fastify/under-pressure. */
const UNDER_PRESSURE_RETRY_S = 10

/**
 * When hooks run, Fastify has already routed the request.
 *
 * @type {import('../../admission/classify.js').Routing}
 */
const routing = {
  pathOf: (trackedRequest, request) => request.routeOptions.url ?? NO_ROUTE,
  routeOf: (method, pattern) => pattern
}

/**
 * An async function, because an exception in a plugin that takes a callback ends the process.
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
    throw errorOf(/** @type {any} */ ({ reason: 'healthCheck', retryAfter: UNDER_PRESSURE_RETRY_S }), reply)
  })
  // The gate of an outer plugin judges first, by its own limits and admission controller.
  const isNested = fastify.hasDecorator('spillway')
  // An encapsulated plugin sees only some of the server's requests.
  const judgesAll = Object.hasOwn(fastify, 'server')
  const gateSettings = { ...settings, healthCheck: checkHealth }
  // The status route calls the health check, so no timer is needed.
  if (statusUrl !== undefined && options.healthCheckInterval === undefined) gateSettings.healthCheckInterval = undefined
  const gate = createGate(gateSettings, {
    routing,
    spill: {
      entry: 'spillway/fastify',
      options: { ...settings, respond, customError },
      judgesAll,
      exemptPath: statusUrl,
      content: contentOfSpill(settings.message)
    }
  })
  const handle = gate.handle()

  fastify.decorate('spillway', handle)
  if (!fastify.hasRequestDecorator('spillway')) {
    // Fastify calls it with the request.
    fastify.decorateRequest('spillway', { getter () { return /** @type {any} */ (this).raw.spillway } })
  }
  if (judgesAll) gate.watch(fastify.server)
  else gate.spill.watch(fastify.server)
  fastify.decorate('isUnderPressure', () => gate.limits.exceeded !== null)
  fastify.decorate('memoryUsage', () => {
    const { eventLoopDelay, rssBytes, heapUsedBytes, eventLoopUtilization } = /** @type {any} */ (gate.limits.load)
    return { eventLoopDelay: eventLoopDelay ?? 0, rssBytes: rssBytes ?? 0, heapUsed: heapUsedBytes ?? 0, eventLoopUtilized: eventLoopUtilization ?? 0 }
  })
  const priorities = new RoutePriorities()
  fastify.addHook('onRoute', ({ method, url, config }) => {
    if (priorities.add(config, method, url)) gate.useRoutePriorities()
  })
  fastify.addHook('onRequest', (request, reply, next) => {
    // Fastify creates an additional server for each additional address of localhost.
    gate.watchServerOf(request.raw)
    const handler = gate.limits.exceeded === null ? undefined : handlerOf(request)
    const limitsOnly = statusUrl !== undefined && request.routeOptions.url === statusUrl
    const terms = { limitsOnly, nested: isNested, priority: priorities.of(request), mayOverrule: handler !== undefined }
    const decision = gate.decide(request.raw, reply.raw, request, terms)
    if (decision === null) return next()
    const conclude = (/** @type {ShedInfo | null} */ info) => {
      if (info === null) return next()
      if (respond === undefined || limitsOnly) return refuse(info, reply, next)
      new Promise((resolve) => resolve(respond(request, reply, info))).then(
        (payload) => { if (payload !== undefined && !reply.sent) reply.send(payload) }
      ).catch(next)
    }
    if (decision instanceof ProvisionalRefusal) askPressureHandler(handler, decision, request, reply, conclude, next)
    else conclude(decision)
  })
  fastify.addHook('onClose', (instance, next) => {
    handle.close()
    next()
  })
  await gate.limits.ready

  /**
   * Called only while a limit is exceeded, because Fastify builds `routeOptions` anew on each access.
   *
   * @param {FastifyRequest} request
   * @returns {any} the handler that may overrule a limit, if there is one
   */
  function handlerOf (request) {
    const own = request.routeOptions.config?.pressureHandler
    return isFunction(own) ? own : pressureHandler
  }

  /**
   * @param {ShedInfo} info
   * @param {FastifyReply} reply
   * @param {(error: Error) => void} next
   */
  function refuse (info, reply, next) {
    const error = errorOf(info, reply)
    if (customError !== undefined || typeof settings.message === 'string') next(error)
    else reply.send(settings.message)
  }

  /**
   * Sets the status and the headers of the reply.
   *
   * @param {ShedInfo} info
   * @param {FastifyReply} reply
   */
  function errorOf (info, reply) {
    const isLimit = LIMIT_REASONS.has(info.reason)
    const retryAfter = isLimit && options?.retryAfter === undefined ? UNDER_PRESSURE_RETRY_S : info.retryAfter
    reply.code(STATUS).header('Retry-After', retryAfter)
    if (customError !== undefined) return new customError() // eslint-disable-line new-cap
    const text = typeof settings.message === 'string' ? settings.message : STATUS_TEXT
    return new ShedError(text, { ...info, retryAfter }, isLimit ? UNDER_PRESSURE : undefined)
  }
}

/**
 * Fastify's own form of an error, unless the user has given another one.
 *
 * @param {string | object} message
 */
function contentOfSpill (message) {
  if (typeof message !== 'string') return contentOf(message)
  const { statusCode, code } = new ShedError(message, /** @type {any} */ ({}))
  return jsonOf({ statusCode, code, error: STATUS_TEXT, message })
}

/**
 * Wraps the user's health check: writes its failures to Fastify's log.
 *
 * @param {FastifyInstance} fastify
 * @param {(fastify: FastifyInstance) => unknown} healthCheck
 */
function healthChecker (fastify, healthCheck) {
  return async () => {
    try {
      return await healthCheck(fastify)
    } catch (error) {
      fastify.log.error({ err: error }, 'healthCheck failed, so the process counts as unhealthy')
      return false
    }
  }
}

/** @param {any} value */
function isConstructor (value) {
  try {
    Reflect.construct(Object, [], value) // does not call it
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
 * The plugin under the name of @fastify/under-pressure, for applications in which another plugin depends on that name. It
 * is a separate function, because fastify-plugin stores the name on the function.
 *
 * @type {import('fastify').FastifyPluginAsync<FastifyOptions>}
 */
async function underPressure (fastify, options) {
  await fastifyUnderPressure(fastify, options)
}

/**
 * Gives a function the type of the exported plugin: fastify-plugin marks the function and returns the same one.
 *
 * @param {any} plugin
 * @returns {import('./types.js').Plugin<FastifyOptions>}
 */
function asExported (plugin) {
  return plugin
}

module.exports = fp(fastifyUnderPressure, { fastify: '5.x', name: 'spillway' })
// Each name needs its own assignment: Node.js finds the names for `import { TYPE_RSS_BYTES }` by parsing the source text.
module.exports.fastifyUnderPressure = asExported(fastifyUnderPressure)
module.exports.default = asExported(fastifyUnderPressure) // for `register(import('spillway/fastify'))` in TypeScript without esModuleInterop
module.exports.underPressure = fp(underPressure, { fastify: '5.x', name: '@fastify/under-pressure' })
module.exports.TYPE_EVENT_LOOP_DELAY = /** @type {const} */ ('eventLoopDelay')
module.exports.TYPE_EVENT_LOOP_UTILIZATION = /** @type {const} */ ('eventLoopUtilization')
module.exports.TYPE_HEALTH_CHECK = /** @type {const} */ ('healthCheck')
module.exports.TYPE_HEAP_USED_BYTES = /** @type {const} */ ('heapUsedBytes')
module.exports.TYPE_RSS_BYTES = /** @type {const} */ ('rssBytes')
