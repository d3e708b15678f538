'use strict'

/**
 * Sees every HTTP/1 request of the process at the moment Node has parsed its head: later, behind an
 * asynchronous middleware, the kernel's figure of its wait would have gone on counting.
 */

const diagnosticsChannel = require('node:diagnostics_channel')
const net = require('node:net')
const { TrackedRequest } = require('./tracked-request.js')
const { binding } = require('../native/binding.js')
const { onClientLeft, onDestroyed, onSent } = require('./response-end.js')
const { reportFault } = require('./fault.js')
const fdWatch = require('../limits/fd-watch.js')
const { connectionOf, forgetAll, knownConnectionOf, learn } = require('./listening-servers.js')

const START = 'http.server.request.start'
const FINISH = 'http.server.response.finish'
/** On a request: its TrackedRequest. */
const kTracked = Symbol('spillway.tracked')

function start () {
  diagnosticsChannel.subscribe(START, onRequestStart)
  diagnosticsChannel.subscribe(FINISH, onResponseFinish)
}

function stop () {
  diagnosticsChannel.unsubscribe(START, onRequestStart)
  diagnosticsChannel.unsubscribe(FINISH, onResponseFinish)
  forgetAll()
}

/** @param {any} message */
function onRequestStart ({ request, socket, server }) {
  try {
    request[kTracked] = arrive(request, socket, server)
  } catch (error) {
    reportFault(error)
  }
}

/**
 * @param {any} request
 * @param {any} socket
 * @param {any} server
 */
function arrive (request, socket, server) {
  const { method, url, rawHeaders } = request
  const known = knownConnectionOf(socket)
  if (known?.used) {
    const waitMs = known.kernelKnows ? binding.requestWait(known.fd, 0, -1) : -1
    return new TrackedRequest(method, url, rawHeaders, waitMs, false, known)
  }
  learn(server)
  const connection = begin(socket)
  const { fd, queuedMs } = connection
  if (fd >= fdWatch.from) fdWatch.note(fd)
  const waitMs = fd >= 0 ? binding.requestWait(fd, 1, queuedMs) : -1
  connection.kernelKnows = waitMs >= 0
  return new TrackedRequest(method, url, rawHeaders, waitMs, connection.kernelKnows && binding.wasQueued(), connection)
}

/** @param {any} socket over which the first request has come */
function begin (socket) {
  const connection = connectionOf(socket)
  connection.used = true
  // Before Node's own, which calls the response destroyed, whoever did it.
  socket.prependOnceListener('close', onSocketClose)
  return connection
}

/** @param {any} message */
function onResponseFinish ({ request, response, socket }) {
  const tracked = request[kTracked]
  if (tracked === undefined || tracked.connection === null) return
  try {
    // Node says so too of what it could not write any more.
    if (socket.destroyed) onClientLeft(tracked)
    else onSent(tracked, response)
  } catch (error) {
    reportFault(error)
  }
}

/** @this {any} */
function onSocketClose () {
  const connection = connectionOf(this)
  connection.closed = true
  for (const tracked of connection.inFlight.splice(0)) {
    try {
      // Node itself destroys a response that has waited for its turn, and so has no socket yet.
      if (tracked.res.destroyed && tracked.res.socket !== null) onDestroyed(tracked)
      else onClientLeft(tracked)
    } catch (error) {
      reportFault(error)
    }
  }
}

/**
 * Node's parser has given up on a connection, and the framework answers the requests on it in the place of their
 * handlers: their client is as good as gone.
 *
 * @param {any} socket
 */
function onClientError (socket) {
  try {
    for (const tracked of [...knownConnectionOf(socket)?.inFlight ?? []]) onClientLeft(tracked)
  } catch (error) {
    reportFault(error)
  }
}

/**
 * @param {any} raw Node's request: http.IncomingMessage or Http2ServerRequest
 * @param {any} [request] the framework's
 * @returns {TrackedRequest}
 */
function trackedRequestOf (raw, request = raw) {
  return raw[kTracked] ?? unseen(raw, request)
}

/**
 * One that Node does not announce: an upgrade, HTTP/2, an injected request. Or one older than the watch.
 *
 * @param {any} raw
 * @param {any} request
 */
function unseen (raw, request) {
  // A mounted application, or one that rewrites, has changed `url` by now.
  const url = raw.originalUrl ?? request.originalUrl ?? raw.url
  const rawHeaders = raw.rawHeaders ?? Object.entries(raw.headers ?? {}).flat()
  raw[kTracked] = new TrackedRequest(raw.method, url, rawHeaders, measure(raw.socket), false, olderConnection(raw))
  return raw[kTracked]
}

/**
 * The connection of a request that Node announced before anybody listened, or null: HTTP/2 has none of
 * its own, and an injected request none at all.
 *
 * @param {any} raw
 */
function olderConnection ({ httpVersionMajor, socket, upgrade }) {
  if (httpVersionMajor !== 1 || upgrade || !(socket instanceof net.Socket) || !('server' in socket)) return null
  const known = knownConnectionOf(socket)
  if (known?.used) return known
  const connection = begin(socket)
  connection.closed = socket.destroyed
  return connection
}

/**
 * @param {any} socket
 * @returns {number} ms; an injected request, which has no connection, waited 0
 */
function measure (socket) {
  const handle = socket?._handle
  if (handle == null) return 0
  return handle.fd >= 0 ? binding.requestWait(handle.fd, 1, -1) : -1
}

module.exports = { trackedRequestOf, onClientError, start, stop }
