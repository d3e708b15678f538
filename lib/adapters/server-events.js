'use strict'

const { StreamRequest } = require('../requests/stream-request.js')

/** The events whose arguments are a request and its response. */
const REQUEST_EVENTS = new Set(['request', 'checkContinue', 'checkExpectation'])
/** The events whose arguments are a request and, over HTTP/1, its connection; over HTTP/2, its response. */
const TAKEOVER_EVENTS = new Set(['upgrade', 'connect'])

/**
 * How a gate judges what a server is about to announce. Each function returns whether the request was refused.
 *
 * @typedef {object} Judge
 * @property {(req: any, res: any) => boolean} request a request, or a StreamRequest and its stream
 * @property {(req: any, res: any) => boolean} takeover an upgrade or CONNECT request, and its connection; over HTTP/2, its
 *   response or stream
 */

/**
 * Has each request judged before any listener of the server is called, and therefore before any framework.
 *
 * @param {any} server
 * @param {Judge} judge
 * @returns {() => void} undoes that
 */
function interceptRequests (server, judge) {
  const hadOwnEmit = Object.hasOwn(server, 'emit')
  const { emit } = server
  /** Whether streams of HTTP/2 are judged, and not the requests that Node makes of them. */
  let judgesStreams = false
  /** @param {any} req */
  const wasJudged = (req) => judgesStreams && req.httpVersionMajor === 2

  /**
   * @this {any}
   * @param {string | symbol} event
   * @param {any} req a request; for 'stream', the stream
   * @param {any} res its response or connection; for 'stream', its headers
   */
  function interceptedEmit (event, req, res) {
    if (REQUEST_EVENTS.has(/** @type {string} */ (event))) {
      if (!wasJudged(req) && judge.request(req, res)) return true
    } else if (event === 'stream') {
      judgesStreams ||= hasStreamListener(this)
      if (judgesStreams && isRefused(judge, new StreamRequest(req, res), req)) return true
    } else if (TAKEOVER_EVENTS.has(/** @type {string} */ (event)) && !wasJudged(req)) {
      if (judge.takeover(req, res)) return true
    }
    return Reflect.apply(emit, this, arguments)
  }

  server.emit = interceptedEmit
  return () => {
    // If other code has wrapped emit since, its wrapper still calls interceptedEmit. That has no effect, because the closed
    // gate admits everything.
    if (server.emit !== interceptedEmit) return
    if (hadOwnEmit) server.emit = emit
    else delete server.emit
  }
}

/**
 * @param {Judge} judge
 * @param {StreamRequest} request
 * @param {any} stream
 */
function isRefused (judge, request, stream) {
  return request.method === 'CONNECT' ? judge.takeover(request, stream) : judge.request(request, stream)
}

/**
 * Whether a server of HTTP/2 has listeners of its own for 'stream'. If it only has listeners for 'request', there is one
 * listener for 'stream': Node's, which emits 'request'.
 *
 * @param {any} server
 */
function hasStreamListener (server) {
  return server.listenerCount('stream') > Math.min(1, server.listenerCount('request'))
}

module.exports = { interceptRequests }
