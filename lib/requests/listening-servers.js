'use strict'

/**
 * The servers that listen, as far as requests have shown them: for the length of their accept queues, and for
 * what each of their new connections waited there.
 */

const http = require('node:http')
const { Connection } = require('./tracked-request.js')
const { binding } = require('../native/binding.js')
const { reportFault } = require('./fault.js')

/** On a socket: its Connection. */
const kConnection = Symbol('spillway.connection')

/** Server to the handle it listened on when last seen; one that has closed is let go. @type {Map<any, any>} */
const handles = new Map()

/** @param {any} socket */
function onConnection (socket) {
  try {
    const fd = socket._handle?.fd ?? -1
    if (fd >= 0) socket[kConnection] = new Connection(fd, binding.connectionAge(fd))
  } catch (error) {
    reportFault(error)
  }
}

/** @this {any} */
function onServerClose () {
  try {
    forget(this)
    watch()
  } catch (error) {
    reportFault(error)
  }
}

/**
 * A request has come. To be called for the first of each connection.
 *
 * @param {any} server of one that does not listen (it is fed by others), nothing is to be known
 */
function learn (server) {
  const handle = server?._handle ?? null
  if (handle === null || handles.get(server) === handle) return
  if (!handles.has(server)) {
    server.once('close', onServerClose)
    // Of TLS, the sockets are others than those of requests.
    if (server instanceof http.Server) server.on('connection', onConnection)
  }
  handles.set(server, handle)
  watch()
}

/** @param {any} server */
function forget (server) {
  server.removeListener('close', onServerClose)
  server.removeListener('connection', onConnection)
  handles.delete(server)
}

function forgetAll () {
  for (const server of handles.keys()) forget(server)
  binding.watchListeners()
}

function watch () {
  const fds = []
  for (const server of handles.keys()) {
    const fd = server._handle?.fd
    if (fd >= 0) fds.push(fd)
  }
  binding.watchListeners(...fds)
}

/**
 * @param {any} socket
 * @returns {Connection} made anew where nobody has seen it be accepted
 */
function connectionOf (socket) {
  socket[kConnection] ??= new Connection(socket._handle?.fd ?? -1, -1)
  return socket[kConnection]
}

/**
 * @param {any} socket
 * @returns {Connection | undefined}
 */
function knownConnectionOf (socket) {
  return socket[kConnection]
}

module.exports = { connectionOf, forgetAll, knownConnectionOf, learn }
