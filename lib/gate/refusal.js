'use strict'

const { contentOf } = require('../accept-queue/content.js')
const { LIMIT_REASONS } = require('../limits/table.js')
const { gateOptions } = require('./options.js')

/** @typedef {import('./options.js').ShedInfo} ShedInfo */

const STATUS = 503

/** Memory or a thread pool takes about this long to recover, that is, several sample intervals. */
const LIMIT_RECOVERY_S = 10
/** A request in flight usually ends sooner than this. */
const IN_FLIGHT_RECOVERY_S = 1

const SHORTEST_AUTO_RETRY_S = 1
const LONGEST_AUTO_RETRY_S = 60

// How long a client whose upgrade was refused has to close the connection.
const LONGEST_CLOSE_MS = 1000

/**
 * The mean time until refused clients should retry. For a request that waited too long, it is one second
 * for each `maxDelay` that it waited.
 *
 * @param {ShedInfo['reason']} reason
 * @param {number} waitMs
 * @param {number} maxDelayMs
 */
function meanRetryS (reason, waitMs, maxDelayMs) {
  if (reason === 'delay') return waitMs / maxDelayMs
  return LIMIT_REASONS.has(reason) ? LIMIT_RECOVERY_S : IN_FLIGHT_RECOVERY_S
}

/**
 * The value of Retry-After. For `'auto'` it is random, from 0.5 to 1.5 times the mean, so that the refused clients do not
 * all return at once.
 *
 * @param {number | 'auto'} retryAfter the option
 * @param {number} meanS
 * @returns {number}
 */
function retryAfterSeconds (retryAfter, meanS) {
  if (retryAfter !== 'auto') return retryAfter
  const seconds = meanS * (0.5 + Math.random())
  return Math.min(LONGEST_AUTO_RETRY_S, Math.max(SHORTEST_AUTO_RETRY_S, Math.round(seconds)))
}

/**
 * The content of a 503. Outside production it names the exceeded limit on the process, unless the user has set a message.
 *
 * @param {ShedInfo} info
 * @param {string | object} message
 * @returns {import('../accept-queue/content.js').Content}
 */
function refusalContent (info, message) {
  return contentOf(typeof message === 'string' ? textOf(info, message) : message)
}

/**
 * The text of an error that stands for a 503.
 *
 * @param {ShedInfo} info
 * @param {string | object} message
 * @returns {string}
 */
function textOf ({ reason, value, limit }, message) {
  const { default: standard } = gateOptions.message
  if (typeof message !== 'string') return standard
  if (!LIMIT_REASONS.has(reason) || message !== standard || process.env.NODE_ENV === 'production') return message
  return `${message}: ${reason}${limit === undefined ? ' failed' : ` is ${value}, above the limit of ${limit}`}`
}

/**
 * Sends the 503 with Node's own response, which Express and plain `http` share.
 *
 * @param {import('node:http').ServerResponse} res
 * @param {ShedInfo} info
 * @param {string | object} message
 */
function answer (res, info, message) {
  const { type, body } = refusalContent(info, message)
  res.writeHead(STATUS, {
    'Retry-After': String(info.retryAfter),
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body)
  })
  res.end(body)
}

/**
 * Answers an upgrade request, which has a socket and no response, and closes the connection. Node has removed its own
 * listeners from that socket. Without new ones, an 'error' event would end the process, and nothing would read what the
 * client still sends or notice that it has closed its end.
 *
 * @param {import('node:net').Socket} socket
 * @param {ShedInfo} info
 * @param {string | object} message
 */
function answerSocket (socket, info, message) {
  const { rawRefusal } = require('../accept-queue/raw-refusal.js') // required on use
  socket.on('error', () => socket.destroy())
  socket.setTimeout(LONGEST_CLOSE_MS, () => socket.destroy())
  socket.resume()
  socket.end(rawRefusal(info.retryAfter, refusalContent(info, message)))
}

/** A refusal as an error, with the properties that Express, Koa, Hapi and Fastify read. */
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
    // A stack trace would be of no use, and costly: an overloaded server creates thousands of these errors per second.
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

module.exports = { STATUS, ShedError, answer, answerSocket, meanRetryS, refusalContent, retryAfterSeconds, textOf }
