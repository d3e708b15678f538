'use strict'

const { STATUS, refusalContent, textOf } = require('./refusal.js')

/**
 * @typedef {import('./options.js').ShedInfo} ShedInfo
 * @typedef {import('node:http2').ServerHttp2Stream} ServerHttp2Stream
 * @typedef {import('node:http2').IncomingHttpHeaders} IncomingHttpHeaders
 */

const GRPC = /^application\/grpc/i
/** The status codes of gRPC. After UNAVAILABLE, clients try again. */
const DEADLINE_EXCEEDED = 4
const UNAVAILABLE = 14
const MS_PER_S = 1000

/**
 * Refuses an HTTP/2 stream. A client of gRPC gets what its retry policy reads: the status UNAVAILABLE or DEADLINE_EXCEEDED, in a
 * response without a body ("Trailers-Only" in PROTOCOL-HTTP2.md of gRPC), and `grpc-retry-pushback-ms` (gRFC A6).
 *
 * @param {ServerHttp2Stream} stream
 * @param {IncomingHttpHeaders} headers of the request
 * @param {ShedInfo} info
 * @param {string | object} message
 */
function answerStream (stream, headers, info, message) {
  if (stream.destroyed || stream.headersSent) return
  stream.on('error', () => {}) // the client has left
  if (isGrpc(headers)) stream.respond(grpcRefusal(info, textOf(info, message)), { endStream: true })
  else {
    const { type, body } = refusalContent(info, message)
    stream.respond({
      ':status': STATUS,
      'retry-after': String(info.retryAfter),
      'content-type': type,
      'content-length': Buffer.byteLength(body)
    })
    stream.end(body)
  }
  // Node closes the stream after the response, because nothing has read the request.
}

/** @param {IncomingHttpHeaders} headers */
function isGrpc ({ 'content-type': type }) {
  return type !== undefined && GRPC.test(type)
}

/**
 * @param {ShedInfo} info
 * @param {string} message
 */
function grpcRefusal ({ reason, retryAfter }, message) {
  const status = reason === 'deadline' ? DEADLINE_EXCEEDED : UNAVAILABLE
  return {
    ':status': 200,
    'content-type': 'application/grpc',
    'grpc-status': String(status),
    'grpc-message': encodeURIComponent(message),
    'grpc-retry-pushback-ms': String(retryAfter * MS_PER_S)
  }
}

module.exports = { answerStream }
