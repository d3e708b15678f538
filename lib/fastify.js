'use strict'

const fp = require('fastify-plugin')
const { NO_ROUTE } = require('./classify.js')
const { Gate } = require('./gate.js')
const { functionRow, gateOptions, readOptions } = require('./options.js')
const { ShedError } = require('./refusal.js')
const { hindrance } = require('./spill.js')

/**
 * @typedef {import('./fastify-types.js').Handle} GateHandle
 * @typedef {import('./options.js').ShedInfo} ShedInfo
 * @typedef {import('fastify').FastifyRequest} FastifyRequest
 * @typedef {import('fastify').FastifyReply} FastifyReply
 *
 * @typedef {object} AnswerOptions
 * @property {(request: FastifyRequest, reply: FastifyReply, info: ShedInfo) => unknown} [respond]
 *   answers instead of the 503: by `reply.send()`, or by the promise of a payload
 *
 * @typedef {import('./options.js').GateOptions<FastifyRequest> & AnswerOptions} FastifyOptions
 */

const table = { ...gateOptions, respond: functionRow }
// Fastify's own, which `register()` hands on with the rest.
const REGISTER_OPTIONS = ['prefix', 'logLevel', 'logSerializers']

/**
 * Fastify has routed by then.
 *
 * @type {import('./classify.js').Routing}
 */
const routing = {
  pathOf: (arrival, request) => request.routeOptions.url ?? NO_ROUTE,
  routeOf: (method, pattern) => pattern
}

/**
 * Asynchronous, because what a plugin with a callback throws ends the process.
 *
 * @type {import('fastify').FastifyPluginAsync<FastifyOptions>}
 */
const plugin = async (fastify, given) => {
  const { respond, ...settings } = readOptions('spillway/fastify', table, ownOptions(given))
  const gate = new Gate(settings, routing, hindrance('spillway/fastify', { ...settings, respond }, true))
  const handle = gate.handle()

  fastify.decorate('spillway', handle)
  gate.spill.watch(fastify.server)
  fastify.addHook('onRequest', (request, reply, next) => {
    // Fastify makes a server of its own for each further address of localhost.
    gate.spill.seen(request.raw)
    const info = gate.enter(request.raw, reply.raw, request)
    if (info === null) return next()
    if (respond === undefined) {
      reply.header('Retry-After', info.retryAfter)
      return next(new ShedError(settings.message, info))
    }
    new Promise((resolve) => resolve(respond(request, reply, info))).then(
      (payload) => { if (payload !== undefined && !reply.sent) reply.send(payload) }
    ).catch(next)
  })
  fastify.addHook('onClose', (instance, next) => {
    handle.close()
    next()
  })
}

/** @param {any} given */
function ownOptions (given) {
  if (typeof given !== 'object') return given
  return Object.fromEntries(Object.entries(given).filter(([name]) => !REGISTER_OPTIONS.includes(name)))
}

module.exports = fp(plugin, { fastify: '5.x', name: 'spillway' })
