'use strict'

/**
 * The listening servers that requests have arrived on. For these, `delay()` takes the accept queue into account, and each
 * new connection records how long it waited to be accepted.
 */

const { Connection } = require('./connection.js')
const { binding } = require('../native/binding.js')
const { reportFault } = require('./fault.js')

/** The property of a socket that holds its Connection. */
const kConnection = Symbol('spillway.connection')

/** Each server, and the handle it listened on when last seen. Servers that close are removed. @type {Map<any, any>} */
const handles = new Map()

/** @param {any} socket */
function onConnection (socket) {
  try {
    const fd = socket._handle?.fd ?? -1
    if (fd >= 0) socket[kConnection] = new Connection(fd, binding.connectionAgeNs(fd))
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
 * Must be called for the first request of each connection.
 *
 * @param {any} server ignored if it does not listen: other code then passes connections to it
 */
function learn (server) {
  const handle = server?._handle ?? null
  if (handle === null || handles.get(server) === handle) return
  if (!handles.has(server)) {
    server.once('close', onServerClose)
    const { Server } = require('node:http') // required on use
    // A TLS server emits 'connection' for the raw sockets, but its requests arrive on other sockets.
    if (server instanceof Server) server.on('connection', onConnection)
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
 * @returns {Connection} a new one if the socket was accepted before its server was known
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
