'use strict'

const { createGate } = require('../gate/index.js')
const { gateOptions } = require('../gate/options.js')
const { answer, answerSocket } = require('../gate/refusal.js')
const { answerStream } = require('../gate/stream-refusal.js')
const { argumentError, invalidArgument } = require('../options/errors.js')
const { readOptions } = require('../options/read.js')
const { functionRow } = require('../options/rows.js')
const { userFunction } = require('../options/user-function.js')
const { StreamRequest } = require('../requests/stream-request.js')

/**
 * @typedef {import('../gate/gate.js').GateHandle} GateHandle
 * @typedef {import('../gate/options.js').ShedInfo} ShedInfo
 * @typedef {import('node:http').IncomingMessage} IncomingMessage
 * @typedef {import('node:http').ServerResponse} ServerResponse
 * @typedef {import('node:http').Server | import('node:https').Server | import('node:http2').Http2Server
 *   | import('node:http2').Http2SecureServer} Server
 *
 * @typedef {object} AnswerOptions
 * @property {(req: IncomingMessage, res: ServerResponse, info: ShedInfo) => unknown} [respond] sends
 *   a response in place of the 503. On a server that uses the event 'stream', `req` is a StreamRequest and `res` is the
 *   stream
 *
 * @typedef {import('../gate/options.js').GateOptions<IncomingMessage> & AnswerOptions} HttpOptions
 */

const table = { ...gateOptions, respond: functionRow }
/** The events whose arguments are a request and its response. */
const REQUEST_EVENTS = new Set(['request', 'checkContinue', 'checkExpectation'])
/** The events whose arguments are a request and its connection. */
const TAKEOVER_EVENTS = new Set(['upgrade', 'connect'])
const kGuarded = Symbol('spillway.guarded')

/**
 * Guards a server: judges each request before any listener, and therefore before any framework. No other adapter refuses
 * at a lower cost. It also judges upgrade and CONNECT requests; to refuse one, it sends a 503 and closes the connection.
 *
 * @param {Server} server
 * @param {HttpOptions} [options]
 * @returns {GateHandle}
 * @throws {TypeError | RangeError} for a wrong argument or option
 * @throws {Error} if the server is already guarded
 */
function guard (server, options) {
  if (!isServer(server)) {
    throw invalidArgument('spillway/http: guard()', 'an http, https or http2 server', server, hintFor(server))
  }
  const { respond, ...settings } = readOptions('spillway/http', table, options)
  const guarded = /** @type {any} */ (server)
  if (guarded[kGuarded] !== undefined) {
    throw argumentError(Error, 'SPILLWAY_ALREADY_GUARDED', 'spillway/http: this server is already guarded; call close() on its gate first')
  }

  const gate = createGate(settings, { spill: { entry: 'spillway/http', options: { ...settings, respond }, judgesAll: true } })
  const refuse = refusal(respond, settings.message)
  const hadOwnEmit = Object.hasOwn(guarded, 'emit')
  const { emit } = guarded
  /** Whether streams of HTTP/2 are judged, and not the requests that Node makes of them. */
  let judgesStreams = false
  /** @param {any} req */
  const isJudged = (req) => judgesStreams && req.httpVersionMajor === 2

  /**
   * @this {any}
   * @param {string | symbol} event
   * @param {any} req
   * @param {any} res the socket, if the request is an upgrade or CONNECT over HTTP/1; the headers of a stream
   */
  function guardedEmit (event, req, res) {
    if (REQUEST_EVENTS.has(/** @type {string} */ (event)) && !isJudged(req)) {
      const info = gate.decide(req, res, req)
      if (info === null) return emit.call(this, event, req, res)
      refuse(req, res, info)
      return true
    }
    if (event === 'stream' && (judgesStreams ||= usesStreams(this))) {
      const request = new StreamRequest(req, res)
      const info = gate.decide(request, req, request)
      if (info !== null) {
        refuse(request, req, info)
        return true
      }
    }
    if (TAKEOVER_EVENTS.has(/** @type {string} */ (event)) && !isJudged(req)) {
      const isHttp2 = req.httpVersionMajor === 2
      const info = gate.decide(req, isHttp2 ? res : null, req)
      if (info !== null) {
        if (isHttp2) refuse(req, res, info)
        else answerSocket(res, info, settings.message)
        return true
      }
    }
    return Reflect.apply(emit, this, arguments)
  }

  guarded.emit = guardedEmit
  guarded[kGuarded] = gate
  gate.watch(server)
  return gate.handle(() => {
    if (guarded[kGuarded] !== gate) return
    guarded[kGuarded] = undefined
    // If other code has wrapped emit since, its wrapper still calls guardedEmit. That has no effect, because the closed
    // gate admits everything.
    if (guarded.emit !== guardedEmit) return
    if (hadOwnEmit) guarded.emit = emit
    else delete guarded.emit
  })
}

/**
 * @param {HttpOptions['respond']} respond
 * @param {string} message
 * @returns {(req: any, res: any, info: ShedInfo) => void}
 */
function refusal (respond, message) {
  /** @param {any} req @param {any} res @param {ShedInfo} info */
  const standard = (req, res, info) => {
    if (req.httpVersionMajor === 2) answerStream(req.stream, req.headers, info, message)
    else answer(res, info, message)
  }
  if (respond === undefined) return standard
  // If the user's function fails, nothing else sends a response.
  return userFunction('respond', 'SPILLWAY_RESPOND', respond, (req, /** @type {any} */ res, info) => {
    if (!res.headersSent) standard(req, res, info)
    else (res.stream ?? res).destroy()
  })
}

/**
 * Whether a server of HTTP/2 has listeners of its own for 'stream'. If it only has listeners for 'request', there is one
 * listener for 'stream': Node's, which emits 'request'.
 *
 * @param {any} server
 */
function usesStreams (server) {
  return server.listenerCount('stream') > Math.min(1, server.listenerCount('request'))
}

/** @param {any} value */
function isServer (value) {
  return ['emit', 'listen', 'close', 'setTimeout'].every((name) => typeof value?.[name] === 'function')
}

/**
 * @param {any} value what was passed to `guard()` instead of a server
 * @returns {string | undefined} how to pass its server instead
 */
function hintFor (value) {
  if (isServer(value?.server)) return typeof value.register === 'function' ? 'Pass fastify.server' : 'Pass its property "server"'
  if (isServer(value?.listener)) return 'Pass server.listener'
  if (typeof value?.listen === 'function' && typeof value.use === 'function') return 'Pass the server that app.listen() returns'
}

module.exports = { guard }
