'use strict'

const { LIMIT_REASONS } = require('../limits/index.js')
const { gateOptions } = require('./options.js')

/** @typedef {import('./options.js').ShedInfo} ShedInfo */

const STATUS = 503
const LONGEST_AUTO_RETRY_S = 60
// What a client that was refused an upgrade has to close the connection from its side.
const LONGEST_FAREWELL_MS = 1000

/**
 * Seconds until a refused client should come again. `'auto'`: as many as the times that its wait
 * held maxDelay, within half of that either way, so that the refused do not return as one.
 *
 * @param {number | 'auto'} retryAfter
 * @param {number} over the wait as a multiple of maxDelay
 * @returns {number}
 */
function retryAfterSeconds (retryAfter, over) {
  if (retryAfter !== 'auto') return retryAfter
  const seconds = over * (0.5 + Math.random())
  return Math.min(LONGEST_AUTO_RETRY_S, Math.max(1, Math.round(seconds)))
}

/**
 * The body of a 503: in development it says which limit on the process was exceeded, where the user has
 * no text of his own for it.
 *
 * @param {ShedInfo} info
 * @param {string} message
 */
function bodyOf ({ reason, value, limit }, message) {
  if (!LIMIT_REASONS.has(reason) || message !== gateOptions.message.default) return message
  if (process.env.NODE_ENV === 'production') return message
  return `${message}: ${reason}${limit === undefined ? ' failed' : ` is ${value}, its limit ${limit}`}`
}

/**
 * Answers on Node's own response: what Express, Koa's raw response and plain `http` have in common.
 *
 * @param {import('node:http').ServerResponse} res
 * @param {ShedInfo} info
 * @param {string} message
 */
function answer (res, info, message) {
  const body = bodyOf(info, message)
  res.writeHead(STATUS, {
    'Retry-After': String(info.retryAfter),
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body)
  })
  res.end(body)
}

/**
 * Answers an upgrade request, which has a socket and no response yet, and closes the connection.
 * Node has taken its own listeners off that socket: an error on it would end the process, and nobody
 * would read what the client still sends, nor its end.
 *
 * @param {import('node:net').Socket} socket
 * @param {ShedInfo} info
 * @param {string} message
 */
function answerSocket (socket, info, message) {
  const body = bodyOf(info, message)
  socket.on('error', () => socket.destroy())
  socket.setTimeout(LONGEST_FAREWELL_MS, () => socket.destroy())
  socket.resume()
  socket.end(`HTTP/1.1 ${STATUS} Service Unavailable\r\n` +
    `Retry-After: ${info.retryAfter}\r\n` +
    'Content-Type: text/plain; charset=utf-8\r\n' +
    `Content-Length: ${Buffer.byteLength(body)}\r\n` +
    `Connection: close\r\n\r\n${body}`)
}

/** A refusal as an error, in the terms that Express, Koa, Hapi and Fastify read. */
class ShedError extends Error {
  status = STATUS
  statusCode = STATUS
  expose = true

  /**
   * @param {string} message
   * @param {ShedInfo} info
   * @param {string} [code]
   */
  constructor (message, info, code = 'SPILLWAY_SHED') {
    // A refusal is no bug to be traced, and thousands a second are made.
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    super(message)
    Error.stackTraceLimit = stackTraceLimit
    this.name = 'ShedError'
    this.code = code
    this.info = info
    this.headers = { 'Retry-After': String(info.retryAfter) }
  }
}

module.exports = { STATUS, ShedError, answer, answerSocket, bodyOf, retryAfterSeconds }
