'use strict'

/**
 * Sees every HTTP/1 request of this thread as soon as Node has parsed its head. The kernel's figure for the wait must be
 * read at that moment: after asynchronous middleware, it would include the time of the middleware.
 *
 * The toobusy functions and all gates share one watch, which runs while any of them uses it. It also keeps the event-loop
 * monitor running.
 */

const diagnosticsChannel = require('node:diagnostics_channel')
const { IncomingMessage } = require('node:http')
const { addView } = require('./request-view.js')
const { TrackedRequest } = require('./tracked-request.js')
const { binding } = require('../native/binding.js')
const monitor = require('../loop/monitor.js')
const { turnNumber } = require('../loop/turn-number.js')
const { onClientLeft, onDestroyed, onSent } = require('./response-end.js')
const { reportFault } = require('./fault.js')
const { firstWait, streamWait } = require('./first-wait.js')
const fdWatch = require('../limits/fd-watch.js')
const { connectionOf, forgetAll, knownConnectionOf, learn } = require('./listening-servers.js')

const START = 'http.server.request.start'
const FINISH = 'http.server.response.finish'
/**
 * The property of a request that Node does not announce, which holds its TrackedRequest. The others are found without a
 * property: Express gives each request a hidden class of its own, after which V8 takes 0.2 to 1 microseconds for each
 * property that is read or added. For the same reason, the functions below avoid reading properties of requests and
 * responses.
 */
const kTracked = Symbol('spillway.tracked')

/** The newest request that Node has announced. @type {TrackedRequest | null} */
let newest = null

let users = 0
let releaseMonitor = () => {}

/** @returns {() => void} releases the watch; idempotent */
function acquire () {
  if (++users === 1) start()
  let held = true
  return () => {
    if (!held) return
    held = false
    if (--users === 0) stop()
  }
}

function start () {
  releaseMonitor = monitor.acquire()
  diagnosticsChannel.subscribe(START, onRequestStart)
  diagnosticsChannel.subscribe(FINISH, onResponseFinish)
}

/** Gives the requests that Node announces the property `spillway`. */
function showRequests () {
  addView(IncomingMessage, known)
}

function showHttp2Requests () {
  const { Http2ServerRequest } = require('node:http2') // required on use
  addView(Http2ServerRequest, known)
}

/** @param {any} raw @returns {TrackedRequest | undefined} undefined if it was answered */
function known (raw) {
  return announced(raw, raw.socket) ?? raw[kTracked]
}

function stop () {
  releaseMonitor()
  diagnosticsChannel.unsubscribe(START, onRequestStart)
  diagnosticsChannel.unsubscribe(FINISH, onResponseFinish)
  newest = null
  forgetAll()
}

/** @param {any} message */
function onRequestStart ({ request, socket, server }) {
  try {
    newest = track(request, socket, server)
    newest.isAnnounced = true
    newest.turn = turnNumber()
    newest.connection?.unanswered.push(newest)
  } catch (error) {
    reportFault(error)
  }
}

/**
 * @param {any} request
 * @param {any} socket
 * @param {any} server
 * @returns {TrackedRequest}
 */
function track (request, socket, server) {
  const { method, url } = request
  const known = knownConnectionOf(socket)
  if (known?.used) {
    const waitNs = known.hasKernelWaits ? binding.requestWaitNs(known.fd, 0, -1) : -1
    return new TrackedRequest(request, method, url, waitNs, false, known)
  }
  learn(server)
  const connection = begin(socket)
  connection.server = server
  if (connection.fd >= fdWatch.from) fdWatch.note(connection.fd)
  const { waitNs, queued } = firstWait(connection)
  return new TrackedRequest(request, method, url, waitNs, queued, connection)
}

/** @param {any} socket on which the first request has arrived */
function begin (socket) {
  const connection = connectionOf(socket)
  connection.used = true
  // Before Node's own listener, which marks the response as destroyed regardless of the cause.
  socket.prependOnceListener('close', onSocketClose)
  return connection
}

/** @param {any} message */
function onResponseFinish ({ request, socket }) {
  try {
    const trackedRequest = announced(request, socket)
    if (trackedRequest === undefined) return
    // Node also publishes this for a response that it could no longer write.
    if (socket.destroyed) onClientLeft(trackedRequest)
    else onSent(trackedRequest)
  } catch (error) {
    reportFault(error)
  }
}

/** @this {any} */
function onSocketClose () {
  const connection = connectionOf(this)
  connection.closed = true
  const requests = connection.unanswered
  // The others have not reached a gate yet.
  connection.unanswered = requests.filter(({ res }) => res === null)
  for (const trackedRequest of requests) {
    const { raw, res, view } = trackedRequest
    if (res === null) {
      view?.onClientLeft()
      continue
    }
    try {
      // Its handler may look at the request later.
      raw[kTracked] = trackedRequest
      // A response without a socket was waiting behind a pipelined one: Node destroyed it, not its handler.
      if (res.destroyed && res.socket !== null) onDestroyed(trackedRequest)
      else onClientLeft(trackedRequest)
    } catch (error) {
      reportFault(error)
    }
  }
}

/**
 * Must be called when Node's parser has given up on a connection and the framework answers the requests on it in place of
 * their handlers. These requests then count as if their client had left.
 *
 * @param {any} socket
 */
function onClientError (socket) {
  try {
    const admitted = knownConnectionOf(socket)?.unanswered.filter(({ res }) => res !== null) ?? []
    for (const trackedRequest of admitted) onClientLeft(trackedRequest)
  } catch (error) {
    reportFault(error)
  }
}

/**
 * @param {any} raw Node's request: http.IncomingMessage or Http2ServerRequest
 * @param {any} [request] the framework's request
 * @returns {TrackedRequest}
 */
function trackedRequestOf (raw, request = raw) {
  if (newest !== null && newest.raw === raw) return newest
  return announced(raw, raw.socket) ?? raw[kTracked] ?? trackUnannounced(raw, request)
}

/**
 * @param {any} raw
 * @param {any} socket
 * @returns {TrackedRequest | undefined} undefined if the request was answered already
 */
function announced (raw, socket) {
  if (newest !== null && newest.raw === raw) return newest
  return socket && knownConnectionOf(socket)?.unanswered.find((trackedRequest) => trackedRequest.raw === raw)
}

/**
 * Tracks a request that Node does not announce (an upgrade, HTTP/2, an injected request), or one that arrived before the
 * watch began.
 *
 * @param {any} raw
 * @param {any} request
 */
function trackUnannounced (raw, request) {
  // Mounted applications and rewriting middleware have changed `url` by now.
  // Over HTTP/2, CONNECT has no path.
  const url = raw.originalUrl ?? request.originalUrl ?? raw.url ?? raw.headers[':authority']
  const { waitNs, queued, source } = raw.httpVersionMajor === 2 ? waitOfStream(raw) : measure(raw.socket)
  const trackedRequest = new TrackedRequest(raw, raw.method, url, waitNs, queued, olderConnection(raw), source)
  trackedRequest.connection?.unanswered.push(trackedRequest)
  raw[kTracked] = trackedRequest
  if (raw.httpVersionMajor === 2) showHttp2Requests()
  return trackedRequest
}

/**
 * The connection of a request that Node announced before the watch began, or null: an HTTP/2 request has none of its
 * own, and an injected request has none at all.
 *
 * @param {any} raw
 */
function olderConnection ({ httpVersionMajor, socket, upgrade }) {
  if (httpVersionMajor !== 1 || upgrade) return null
  const { Socket } = require('node:net') // required on use
  if (!(socket instanceof Socket) || !('server' in socket)) return null
  const known = knownConnectionOf(socket)
  if (known?.used) return known
  const connection = begin(socket)
  connection.closed = socket.destroyed
  return connection
}

/**
 * @param {any} raw of HTTP/2
 * @returns {import('./first-wait.js').StreamWait}
 */
function waitOfStream ({ stream }) {
  const socket = stream?.session?.socket
  return streamWait(socket?._handle?.fd ?? -1, socket && knownConnectionOf(socket))
}

/**
 * @param {any} socket null for an injected request, which has not waited
 * @returns {{ waitNs: number, queued: false, source?: undefined }}
 */
function measure (socket) {
  const handle = socket?._handle
  if (handle == null) return { waitNs: 0, queued: false }
  return { waitNs: handle.fd >= 0 ? binding.requestWaitNs(handle.fd, 1, -1) : -1, queued: false }
}

module.exports = { acquire, onClientError, showRequests, trackedRequestOf }
