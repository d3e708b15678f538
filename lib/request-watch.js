'use strict'

/**
 * Follows every HTTP/1 request of the process from the moment Node has parsed its head: later, behind
 * an asynchronous middleware, the kernel's figure of its wait would have gone on counting. Learns on
 * the way which servers listen, for their accept queues.
 */

const diagnosticsChannel = require('node:diagnostics_channel')
const { Arrival, Connection } = require('./arrival.js')
const { binding } = require('./binding.js')
const { isEventStreamAnswer } = require('./event-stream.js')
const { OUTCOME } = require('./law.js')
const fdWatch = require('./limits/fd-watch.js')
const { onResponseEnd } = require('./response-end.js')

const START = 'http.server.request.start'
const FINISH = 'http.server.response.finish'
/** RFC 9113, section 7. */
const NO_ERROR = 0
/** On a request: its Arrival. */
const kArrival = Symbol('spillway.arrival')
/** On a socket: its Connection. */
const kConnection = Symbol('spillway.connection')

/** Server to the handle it listened on when last seen. @type {Map<any, any>} */
const listeners = new Map()

function start () {
  diagnosticsChannel.subscribe(START, onRequestStart)
  diagnosticsChannel.subscribe(FINISH, onResponseFinish)
}

function stop () {
  diagnosticsChannel.unsubscribe(START, onRequestStart)
  diagnosticsChannel.unsubscribe(FINISH, onResponseFinish)
  for (const server of listeners.keys()) server.removeListener('close', onServerClose)
  listeners.clear()
  binding.watchListeners()
}

/** @param {any} message */
function onRequestStart ({ request, socket, server }) {
  const known = socket[kConnection]
  const waitMs = known === undefined ? begin(socket, server) : waitOn(known)
  request[kArrival] = new Arrival(request.method, request.url, request.rawHeaders, waitMs, socket[kConnection])
}

/**
 * The first request on a connection.
 *
 * @param {any} socket
 * @param {any} server
 * @returns {number} what it waited, ms; below 0 where the kernel does not know
 */
function begin (socket, server) {
  if (listeners.get(server) !== server._handle) learn(server)
  const fd = socket._handle?.fd ?? -1
  if (fd >= fdWatch.from) fdWatch.note(fd)
  const waitMs = fd >= 0 ? binding.requestWait(fd, 1) : -1
  socket[kConnection] = new Connection(fd, waitMs >= 0)
  socket.once('close', onSocketClose)
  return waitMs
}

/** @param {Connection} connection */
function waitOn (connection) {
  return connection.kernelKnows ? binding.requestWait(connection.fd, 0) : -1
}

/** @param {any} message */
function onResponseFinish ({ request, response }) {
  const arrival = request[kArrival]
  if (arrival === undefined) return
  arrival.over = true
  if (arrival.gate === null) return
  arrival.connection.remove(arrival)
  arrival.gate.leave(arrival, sent(response))
}

/** @this {any} */
function onSocketClose () {
  const connection = /** @type {Connection} */ (this[kConnection])
  connection.closed = true
  for (const arrival of connection.inFlight.splice(0)) {
    arrival.over = true
    arrival.gate?.leave(arrival, OUTCOME.abandoned)
  }
}

/**
 * @param {any} raw Node's request: http.IncomingMessage or Http2ServerRequest
 * @param {any} [request] the framework's
 * @returns {Arrival}
 */
function arrivalOf (raw, request = raw) {
  return raw[kArrival] ?? unseen(raw, request)
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
  raw[kArrival] = new Arrival(raw.method, url, rawHeaders, measure(raw.socket), null)
  return raw[kArrival]
}

/**
 * @param {any} socket
 * @returns {number} ms; an injected request, which has no connection, waited 0
 */
function measure (socket) {
  const handle = socket?._handle
  if (handle == null) return 0
  return handle.fd >= 0 ? binding.requestWait(handle.fd, 1) : -1
}

/**
 * Sees to it that the gate of an admitted request is told, once, when its response is over.
 *
 * @param {Arrival} arrival
 * @param {any} res Node's response
 */
function follow (arrival, res) {
  const { connection, gate } = arrival
  if (connection === null) {
    onResponseEnd(res, () => gate?.leave(arrival, isSent(res) ? sent(res) : OUTCOME.abandoned))
  } else if (connection.closed || arrival.over) {
    gate?.leave(arrival, OUTCOME.abandoned)
  } else {
    connection.inFlight.push(arrival)
  }
}

/** @param {any} res one that is over */
function isSent (res) {
  // A stream of HTTP/2 that the client has reset finishes like one that was answered.
  const reset = res.stream?.rstCode
  return reset === undefined ? res.writableFinished : res.writableEnded && reset === NO_ERROR
}

/** @param {any} res one that was sent to its end */
function sent (res) {
  return isEventStreamAnswer(res) ? OUTCOME.detached : OUTCOME.completed
}

/** @param {any} server */
function learn (server) {
  if (!listeners.has(server)) server.once('close', onServerClose)
  listeners.set(server, server._handle)
  watch()
}

/** @this {any} */
function onServerClose () {
  listeners.delete(this)
  watch()
}

function watch () {
  const fds = []
  for (const server of listeners.keys()) {
    const fd = server._handle?.fd
    if (fd >= 0) fds.push(fd)
  }
  binding.watchListeners(...fds)
}

module.exports = { arrivalOf, follow, start, stop }
