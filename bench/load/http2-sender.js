'use strict'

const http2 = require('node:http2')

/** An empty message of gRPC: not compressed, and of length 0. */
const EMPTY_MESSAGE = Buffer.alloc(5)
const GRPC_OK = '0'
const GRPC_UNAVAILABLE = '14'
const GRPC_HEADERS = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' }
const MOST_STREAMS = 2 ** 31 - 1

/**
 * Sends requests over HTTP/2 to one server: GET requests, or unary calls of gRPC, whose outcomes are those of the
 * corresponding status of HTTP.
 *
 * @param {import('./').Load} load
 * @returns {ReturnType<typeof import('./sender')>}
 */
function createHttp2Sender ({ port, transport, path = '/', connections, timeoutMs, name: { localAddress, headers: named } = {} }) {
  const isGrpc = transport === 'grpc'
  const paths = [path].flat()
  const sessions = Array.from({ length: Number(connections) }, () => {
    const session = http2.connect(`http://127.0.0.1:${port}`, { peerMaxConcurrentStreams: MOST_STREAMS, localAddress })
    session.setMaxListeners(0)
    session.on('error', () => {})
    return session
  })
  let sent = 0
  let closed = false

  function send (settle) {
    if (closed) return
    const session = sessions[sent % sessions.length]
    const headers = { ':path': paths[sent++ % paths.length], ...isGrpc ? GRPC_HEADERS : {}, ...named }
    const stream = session.request(headers, { endStream: !isGrpc })
    let status
    const timer = setTimeout(() => {
      finish('timeout')
      stream.close(http2.constants.NGHTTP2_CANCEL)
    }, timeoutMs)
    let finished = false

    function finish (outcome) {
      if (finished) return
      finished = true
      clearTimeout(timer)
      settle(outcome)
    }

    function grpcStatus (headers) {
      const { 'grpc-status': code } = headers
      if (code !== undefined) status = { [GRPC_OK]: '200', [GRPC_UNAVAILABLE]: '503' }[code] ?? `grpc-status ${code}`
    }

    stream.on('response', headers => {
      if (isGrpc) grpcStatus(headers)
      else status = String(headers[':status'])
    })
    if (isGrpc) stream.on('trailers', grpcStatus)
    stream.on('error', error => finish(error.code ?? error.message))
    stream.on('close', () => finish(status ?? 'reset'))
    stream.resume()
    if (isGrpc) stream.end(EMPTY_MESSAGE)
  }

  function close () {
    closed = true
    for (const session of sessions) session.destroy()
  }

  return { send, close }
}

module.exports = createHttp2Sender
