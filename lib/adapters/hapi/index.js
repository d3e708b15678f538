'use strict'

const { createRequire } = require('node:module')
const { setImmediate } = require('node:timers/promises')
const { NO_ROUTE } = require('../../admission/classify.js')
const { contentOf, jsonOf } = require('../../accept-queue/content.js')
const { createGate } = require('../../gate/index.js')
const { LIMIT_REASONS } = require('../../limits/table.js')
const { corsHeaders, corsHeadersForAll } = require('./cors.js')
const { RoutesWithOptions, matchOf } = require('./routes.js')
const { gateOptions } = require('../../gate/options.js')
const { STATUS, ShedError } = require('../../gate/refusal.js')
const { onClientError } = require('../../requests/watch.js')
const { readOptions } = require('../../options/read.js')
const { functionRow } = require('../../options/rows.js')
const { pathOfTarget } = require('../../requests/target.js')

/**
 * @typedef {import('./types.js').Handle} GateHandle
 * @typedef {import('../../gate/options.js').ShedInfo} ShedInfo
 * @typedef {import('@hapi/hapi').Request} Request
 * @typedef {import('@hapi/hapi').ResponseToolkit} ResponseToolkit
 * @typedef {import('@hapi/hapi').Lifecycle.ReturnValue} ReturnValue
 *
 * @typedef {object} AnswerOptions
 * @property {(request: Request, h: ResponseToolkit, info: ShedInfo) => ReturnValue} [respond] returns the response that
 *   is sent in place of the 503, or a promise of it
 *
 * @typedef {import('../../gate/options.js').GateOptions<Request> & AnswerOptions} HapiOptions
 */

const table = { ...gateOptions, respond: functionRow }
const LOAD_REASONS = new Set(LIMIT_REASONS)
LOAD_REASONS.delete('healthCheck')
const STATUS_TEXT = 'Service Unavailable'

/** @satisfies {import('@hapi/hapi').Plugin<HapiOptions>} */
const plugin = {
  pkg: /** @type {{ name: string, version: string }} */ (require('../../../package.json')),
  requirements: { hapi: '>=21' },

  async register (/** @type {import('@hapi/hapi').Server} */ server, /** @type {HapiOptions} */ given) {
    const { respond, healthCheck, ...settings } = readOptions('spillway/hapi', table, given)
    const { boomify } = requireBoom()
    const routes = new RoutesWithOptions(server, { ...settings, onExhausted: undefined })
    // A stopped server may start again. Until then, the resources that the health check uses may be closed.
    let isStopped = false
    server.events.on('stop', () => { isStopped = true })
    server.events.on('start', () => { isStopped = false })
    const gate = createGate({
      ...settings,
      healthCheck: healthCheck && (() => isStopped || healthCheck(server))
    }, {
      routing: {
        pathOf: (trackedRequest) => trackedRequest.url,
        routeOf: (method, url) => routeOf(server, method, url)
      },
      spill: { entry: 'spillway/hapi', options: { ...settings, respond }, judgesAll: true, content: contentOfSpill(server, settings.message) },
      answersForHandler: true
    })

    const lookAtRoutes = () => {
      if (routes.hasExempt) gate.spill.forbid('a route is exempt by its own options, and the spill does not know routes')
      if (routes.havePriorities) gate.useRoutePriorities()
    }
    lookAtRoutes()
    server.events.on('route', lookAtRoutes)
    gate.watch(server.listener)
    /** @param {NodeJS.ErrnoException} error @param {unknown} socket */
    const onError = ({ code }, socket) => {
      // If only the method of the next request is invalid, Hapi lets the handlers finish.
      if (code !== 'HPE_INVALID_METHOD') onClientError(socket)
    }
    server.listener.prependListener('clientError', onError)
    server.expose(gate.handle(() => {
      server.listener.removeListener('clientError', onError)
      routes.close()
    }))
    Object.defineProperty(/** @type {any} */ (server.plugins).spillway, 'load', { get: () => loadOf(gate), enumerable: true })
    server.ext('onRequest', async (request, h) => {
      const own = routes.of(request)
      // A failing health check refuses the requests of all routes.
      const isUnhealthy = gate.limits.exceeded?.reason === 'healthCheck'
      const terms = { exempt: own?.exempt, limits: isUnhealthy ? undefined : own?.limits, priority: own?.priority }
      const info = gate.decide(request.raw.req, request.raw.res, request, terms)
      if (info === null) return h.continue
      // Hapi logs the same event when its own load limits refuse a request.
      if (LOAD_REASONS.has(info.reason)) server.log(['load'], () => loadOf(gate))
      const headers = corsHeaders(request, matchOf(server, request))
      await payloadArrival(request.raw.req)
      if (respond !== undefined) {
        const result = await respond(request, h, info)
        if (result instanceof Error) throw result
        // Hapi interprets signals such as h.abandon, and rejects undefined.
        if ([h.abandon, h.close, h.continue, undefined].includes(/** @type {any} */ (result))) return result
        const response = h.response(/** @type {any} */ (result)).takeover()
        for (const [name, value] of Object.entries(headers)) response.header(name, value, { append: name === 'vary' })
        return response
      }
      const isText = typeof settings.message === 'string'
      const error = boomify(new ShedError(isText ? settings.message : STATUS_TEXT, info), { statusCode: STATUS })
      if (!isText) error.output.payload = /** @type {any} */ (settings.message)
      Object.assign(error.output.headers, headers, { 'Retry-After': String(info.retryAfter) })
      throw error
    })
    await gate.limits.ready
  }
}

/**
 * Hapi's own form of an error, unless the user has given another one.
 *
 * @param {import('@hapi/hapi').Server} server
 * @param {string | object} message
 */
function contentOfSpill (server, message) {
  const content = typeof message === 'string' ? jsonOf({ statusCode: STATUS, error: STATUS_TEXT, message }) : contentOf(message)
  return { ...content, headers: { 'Cache-Control': 'no-cache', ...corsHeadersForAll(server) } }
}

/**
 * The figures that the limits apply to, also under the names that Hapi's `server.load` uses.
 *
 * @param {import('../../gate/gate.js').Gate} gate
 */
function loadOf ({ limits: { load } }) {
  return { ...load, heapUsed: load.heapUsedBytes, rss: load.rssBytes }
}

/**
 * Waits for the payload, because Hapi closes the connection if it responds before the payload has been read. Usually the
 * payload has already arrived, and Node emits it before this event-loop turn ends.
 *
 * @param {import('node:http').IncomingMessage} req
 */
async function payloadArrival (req) {
  if (req.headers['content-length'] === undefined && req.headers['transfer-encoding'] === undefined) return
  await setImmediate()
}

/**
 * Finds the route of a request that Hapi has not routed yet: during `onRequest`, `request.route` is a placeholder.
 *
 * @param {import('@hapi/hapi').Server} server
 * @param {string} method
 * @param {string} url
 */
function routeOf (server, method, url) {
  try {
    return server.match(/** @type {any} */ (method), pathOfTarget(url))?.path ?? NO_ROUTE
  } catch {
    return NO_ROUTE // the path is malformed
  }
}

/** The copy of Boom that Hapi itself uses, so that Hapi recognizes its errors. */
function requireBoom () {
  return createRequire(require.resolve('@hapi/hapi'))('@hapi/boom')
}

// Node.js finds the names for `import { register }` by parsing the source text, which must have this form.
const { pkg, requirements, register } = plugin
module.exports = { pkg, requirements, register }
