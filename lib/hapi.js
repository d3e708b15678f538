'use strict'

const { createRequire } = require('node:module')
const { setImmediate } = require('node:timers/promises')
const { NO_ROUTE } = require('./classify.js')
const { Gate } = require('./gate.js')
const { functionRow, gateOptions, readOptions } = require('./options.js')
const { ShedError } = require('./refusal.js')
const { hindrance } = require('./spill.js')
const { pathOfTarget } = require('./target.js')

/**
 * @typedef {import('./hapi-types.js').Handle} GateHandle
 * @typedef {import('./options.js').ShedInfo} ShedInfo
 * @typedef {import('@hapi/hapi').Request} Request
 * @typedef {import('@hapi/hapi').ResponseToolkit} ResponseToolkit
 * @typedef {import('@hapi/hapi').Lifecycle.ReturnValue} ReturnValue
 *
 * @typedef {object} AnswerOptions
 * @property {(request: Request, h: ResponseToolkit, info: ShedInfo) => ReturnValue} [respond] answers
 *   instead of the 503: what it returns, or its promise, is the response
 *
 * @typedef {import('./options.js').GateOptions<Request> & AnswerOptions} HapiOptions
 */

const table = { ...gateOptions, respond: functionRow }

/** @type {import('@hapi/hapi').Plugin<HapiOptions>} */
module.exports = {
  pkg: require('../package.json'),
  requirements: { hapi: '>=21' },

  register (server, given) {
    const { respond, ...settings } = readOptions('spillway/hapi', table, given)
    const { boomify } = requireBoom()
    const gate = new Gate(settings, {
      pathOf: (arrival) => arrival.url,
      routeOf: (method, url) => routeOf(server, method, url)
    }, hindrance('spillway/hapi', { ...settings, respond }, true))

    gate.spill.watch(server.listener)
    server.expose(gate.handle())
    server.ext('onRequest', async (request, h) => {
      const info = gate.enter(request.raw.req, request.raw.res, request)
      if (info === null) return h.continue
      await payloadAtHand(request.raw.req)
      if (respond !== undefined) {
        const result = await respond(request, h, info)
        if (result instanceof Error) throw result
        // A signal such as h.abandon is Hapi's to read, and nothing at all is Hapi's to complain of.
        if ([h.abandon, h.close, h.continue, undefined].includes(/** @type {any} */ (result))) return result
        return h.response(/** @type {any} */ (result)).takeover()
      }
      const error = boomify(new ShedError(settings.message, info), { statusCode: 503 })
      error.output.headers['Retry-After'] = String(info.retryAfter)
      throw error
    })
  }
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
