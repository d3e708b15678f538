'use strict'

const { createRequire } = require('node:module')
const { setImmediate } = require('node:timers/promises')
const { NO_ROUTE } = require('../../admission/classify.js')
const { exemptTest } = require('../../gate/exempt.js')
const { Gate } = require('../../gate/gate.js')
const { LIMIT_REASONS } = require('../../limits/index.js')
const { corsHeaders } = require('./cors.js')
const { OwnRoutes, matchOf } = require('./routes.js')
const { gateOptions } = require('../../gate/options.js')
const { ShedError } = require('../../gate/refusal.js')
const { trackedRequestOf, onClientError } = require('../../requests/watch.js')
const { planSpill } = require('../../accept-queue/spill-plan.js')
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
 * @property {(request: Request, h: ResponseToolkit, info: ShedInfo) => ReturnValue} [respond] answers
 *   instead of the 503: what it returns, or its promise, is the response
 *
 * @typedef {import('../../gate/options.js').GateOptions<Request> & AnswerOptions} HapiOptions
 */

const table = { ...gateOptions, respond: functionRow }
const LOAD_REASONS = new Set(LIMIT_REASONS)
LOAD_REASONS.delete('healthCheck')

/** @satisfies {import('@hapi/hapi').Plugin<HapiOptions>} */
const plugin = {
  pkg: /** @type {{ name: string, version: string }} */ (require('../../../package.json')),
  requirements: { hapi: '>=21' },

  async register (/** @type {import('@hapi/hapi').Server} */ server, /** @type {HapiOptions} */ given) {
    const { respond, healthCheck, ...settings } = readOptions('spillway/hapi', table, given)
    const { boomify } = requireBoom()
    const routes = new OwnRoutes(server, { ...settings, onExhausted: undefined })
    const isExempt = exemptTest(settings.exempt)
    // It may be started again. Until then, what the health check asks may be gone.
    let isStopped = false
    server.events.on('stop', () => { isStopped = true })
    server.events.on('start', () => { isStopped = false })
    const gate = new Gate({
      ...settings,
      exempt: (/** @type {Request} */ request) => routes.isExempt(request) || isExempt(trackedRequestOf(request.raw.req, request), request),
      healthCheck: healthCheck && (() => isStopped || healthCheck(server))
    }, {
      routing: {
        pathOf: (tracked) => tracked.url,
        routeOf: (method, url) => routeOf(server, method, url)
      },
      spillPlan: planSpill('spillway/hapi', { ...settings, respond }, true),
      answersForHandler: true
    })

    const heedRoutes = () => {
      if (routes.exemptAny) gate.spill.forbid('a route is exempt by its own options, and the spill does not route')
    }
    heedRoutes()
    server.events.on('route', heedRoutes)
    gate.watch(server.listener)
    /** @param {NodeJS.ErrnoException} error @param {unknown} socket */
    const onError = ({ code }, socket) => {
      // Where the method of the next request is wrong, Hapi lets the handlers finish.
      if (code !== 'HPE_INVALID_METHOD') onClientError(socket)
    }
    server.listener.prependListener('clientError', onError)
    server.expose(gate.handle(() => {
      server.listener.removeListener('clientError', onError)
      routes.close()
    }))
    Object.defineProperty(/** @type {any} */ (server.plugins).spillway, 'load', { get: () => loadOf(gate), enumerable: true })
    server.ext('onRequest', async (request, h) => {
      const isIll = gate.limits.exceeded?.reason === 'healthCheck'
      const limits = isIll ? gate.limits : routes.limitsOf(request)
      const info = gate.enter(request.raw.req, request.raw.res, request, limits)
      if (info === null) return h.continue
      // The event that Hapi emits when its own load limits refuse a request.
      if (LOAD_REASONS.has(info.reason)) server.log(['load'], () => loadOf(gate))
      const headers = corsHeaders(request, matchOf(server, request))
      await payloadAtHand(request.raw.req)
      if (respond !== undefined) {
        const result = await respond(request, h, info)
        if (result instanceof Error) throw result
        // A signal such as h.abandon is Hapi's to read, and nothing at all is Hapi's to complain of.
        if ([h.abandon, h.close, h.continue, undefined].includes(/** @type {any} */ (result))) return result
        const response = h.response(/** @type {any} */ (result)).takeover()
        for (const [name, value] of Object.entries(headers)) response.header(name, value, { append: name === 'vary' })
        return response
      }
      const error = boomify(new ShedError(settings.message, info), { statusCode: 503 })
      Object.assign(error.output.headers, headers, { 'Retry-After': String(info.retryAfter) })
      throw error
    })
    await gate.limits.ready
  }
}

/**
 * The figures, under the names of `server.load` too.
 *
 * @param {Gate} gate
 */
function loadOf ({ limits: { load } }) {
  return { ...load, heapUsed: load.heapUsedBytes, rss: load.rssBytes }
}

/**
 * Hapi closes the connection where it answers before the payload has come. Mostly it has, and Node
 * hands it over by the end of this turn.
 *
 * @param {import('node:http').IncomingMessage} req
 */
async function payloadAtHand (req) {
  if (req.headers['content-length'] === undefined && req.headers['transfer-encoding'] === undefined) return
  await setImmediate()
}

/**
 * Hapi routes after its first extension point, and would only say no there.
 *
 * @param {import('@hapi/hapi').Server} server
 * @param {string} method
 * @param {string} url
 */
function routeOf (server, method, url) {
  try {
    return server.match(/** @type {any} */ (method), pathOfTarget(url))?.path ?? NO_ROUTE
  } catch {
    return NO_ROUTE // of a path that is none
  }
}

/** Hapi's own copy of Boom, which is then surely the one that it knows. */
function requireBoom () {
  return createRequire(require.resolve('@hapi/hapi'))('@hapi/boom')
}

// Node reads the names of `import { register }` from the source text, in this form.
const { pkg, requirements, register } = plugin
module.exports = { pkg, requirements, register }
