'use strict'

const { eachHttp2Server, isGrpcServer } = require('./grpc-servers.js')
const { interceptRequests } = require('./server-events.js')
const { createGate } = require('../gate/index.js')
const { gateOptions } = require('../gate/options.js')
const { answer, answerSocket } = require('../gate/refusal.js')
const { answerStream } = require('../gate/stream-refusal.js')
const { argumentError, invalidArgument } = require('../options/errors.js')
const { readOptions } = require('../options/read.js')
const { functionRow } = require('../options/rows.js')
const { userFunction } = require('../options/user-function.js')

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
const kGuarded = Symbol('spillway.guarded')

/**
 * Guards a server: judges each request before any listener, and therefore before any framework. No other adapter refuses
 * at a lower cost. It also judges upgrade and CONNECT requests; to refuse one over HTTP/1, it sends a 503 and closes the
 * connection.
 *
 * @param {Server} server of Node, or a server of `@grpc/grpc-js`
 * @param {HttpOptions} [options]
 * @returns {GateHandle}
 * @throws {TypeError | RangeError} for a wrong argument or option
 * @throws {Error} if the server is already guarded
 */
function guard (server, options) {
  const isGrpc = isGrpcServer(server)
  if (!isGrpc && !isServer(server)) {
    throw invalidArgument('spillway/http: guard()', 'an http, https or http2 server, or one of @grpc/grpc-js', server, hintFor(server))
  }
  const { respond, ...settings } = readOptions('spillway/http', table, options)
  const guarded = /** @type {any} */ (server)
  if (guarded[kGuarded] !== undefined) {
    throw argumentError(Error, 'SPILLWAY_ALREADY_GUARDED', 'spillway/http: this server is already guarded; call close() on its gate first')
  }

  const gate = createGate(settings, { spill: { entry: 'spillway/http', options: { ...settings, respond }, judgesAll: true } })
  const judge = judgeOf(gate, refusal(respond, settings.message), settings.message)
  /** @type {(() => void)[]} */
  const undo = []
  const watch = (/** @type {any} */ each) => {
    undo.push(interceptRequests(each, judge))
    gate.watch(each)
  }
  if (isGrpc) undo.push(eachHttp2Server(guarded, watch))
  else watch(guarded)
  guarded[kGuarded] = gate
  return gate.handle(() => {
    if (guarded[kGuarded] !== gate) return
    guarded[kGuarded] = undefined
    for (const each of undo) each()
  })
}

/**
 * @param {import('../gate/gate.js').Gate} gate
 * @param {(req: any, res: any, info: ShedInfo) => void} refuse
 * @param {string | object} message
 * @returns {import('./server-events.js').Judge}
 */
function judgeOf (gate, refuse, message) {
  return {
    request (req, res) {
      const info = gate.decide(req, res, req)
      if (info === null) return false
      refuse(req, res, info)
      return true
    },
    takeover (req, res) {
      const info = gate.decide(req, null, req)
      if (info === null) return false
      if (req.httpVersionMajor === 2) refuse(req, res, info)
      else answerSocket(res, info, message)
      return true
    }
  }
}

/**
 * @param {HttpOptions['respond']} respond
 * @param {string | object} message
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
