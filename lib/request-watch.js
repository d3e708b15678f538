'use strict'

/**
 * Stamps every HTTP/1 request of the process with what it waited, at the moment Node has parsed its
 * head: later, behind an asynchronous middleware, the kernel's figure would have gone on counting.
 * Learns on the way which servers listen, for their accept queues.
 */

const diagnosticsChannel = require('node:diagnostics_channel')
const { binding } = require('./binding.js')
const fdWatch = require('./limits/fd-watch.js')

const CHANNEL = 'http.server.request.start'
/** On a connection that has had a request: whether the kernel knows its waits. */
const kKnown = Symbol('spillway.known')
const kWait = Symbol('spillway.wait')

/** Server to the handle it listened on when last seen. @type {Map<any, any>} */
const listeners = new Map()

function start () {
  diagnosticsChannel.subscribe(CHANNEL, onRequestStart)
}

function stop () {
  diagnosticsChannel.unsubscribe(CHANNEL, onRequestStart)
  for (const server of listeners.keys()) server.removeListener('close', onServerClose)
  listeners.clear()
  binding.watchListeners()
}

/** @param {any} message */
function onRequestStart ({ request, socket, server }) {
  request[kWait] = measure(socket)
  if (listeners.get(server) !== server._handle) learn(server)
}

/**
 * What a request waited before its handler, ms. Below 0 where the kernel does not know: HTTP over a
 * Unix socket, a system other than Linux. An injected request, which has no connection, waited 0.
 *
 * @param {any} request an http.IncomingMessage or Http2ServerRequest
 * @returns {number}
 */
function waitOf (request) {
  request[kWait] ??= measure(request.socket)
  return request[kWait]
}

/** @param {any} socket */
function measure (socket) {
  const handle = socket?._handle
  if (handle == null) return 0
  if (!(handle.fd >= 0)) return -1
  const known = socket[kKnown]
  if (known === true) return binding.requestWait(handle.fd, 0)
  if (known === false) return -1
  if (handle.fd >= fdWatch.from) fdWatch.note(handle.fd)
  const waitMs = binding.requestWait(handle.fd, 1)
  socket[kKnown] = waitMs >= 0
  return waitMs
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

module.exports = { start, stop, waitOf }
