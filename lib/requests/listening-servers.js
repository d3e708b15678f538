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

/**
 * Connections of TLS servers until their handshake is over, by descriptor. A failed handshake leaves its connection until the
 * descriptor is used again.
 *
 * @type {Map<number, Connection>}
 */
const inHandshake = new Map()

/**
 * @this {any} the server
 * @param {any} socket
 */
function onConnection (socket) {
  try {
    const fd = socket._handle?.fd ?? -1
    if (fd >= 0) socket[kConnection] = new Connection(fd, acceptWaitNs(this, binding.connectionAgeNs(fd)))
  } catch (error) {
    reportFault(error)
  }
}

/**
 * A TLS server emits 'connection' for the raw sockets, but its requests arrive on other sockets, which wrap them.
 *
 * @this {any} the server
 * @param {any} socket
 */
function onRawConnection (socket) {
  try {
    const fd = socket._handle?.fd ?? -1
    // The age of the client's first message, which the request follows. It is that of the connection if none has come.
    if (fd >= 0) inHandshake.set(fd, new Connection(fd, acceptWaitNs(this, binding.requestWaitNs(fd, 1, -1))))
  } catch (error) {
    reportFault(error)
  }
}

/** @param {any} socket */
function onSecureConnection (socket) {
  try {
    const fd = socket._handle?.fd ?? -1
    const connection = inHandshake.get(fd)
    if (connection === undefined) return
    inHandshake.delete(fd)
    connection.securedAt = performance.now()
    socket[kConnection] = connection
  } catch (error) {
    reportFault(error)
  }
}

/**
 * Must be called once for each connection that a server accepts.
 *
 * @param {any} server
 * @param {number} kernelNs how long the kernel says that it waited; negative if the kernel does not
 * @returns {number} how long it waited to be accepted; negative if that is not known
 */
function acceptWaitNs (server, kernelNs) {
  return kernelNs >= 0 ? kernelNs : binding.acceptedNs(server._handle?.fd ?? -1)
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
    listen(server)
  }
  handles.set(server, handle)
  watch()
}

/**
 * Learns of a server as soon as it listens, so that this need not wait for a request.
 *
 * @param {any} server
 * @returns {() => void} stops that
 */
function expect (server) {
  const onListening = () => learn(server)
  server.on('listening', onListening)
  onListening()
  return () => {
    server.removeListener('listening', onListening)
    // Other users learn of it again from the next request.
    forget(server)
    watch()
  }
}

/** @param {any} server */
function listen (server) {
  const http = require('node:http') // required on use
  if (server instanceof http.Server) return server.on('connection', onConnection)
  const tls = require('node:tls') // required on use
  if (server instanceof tls.Server) server.on('connection', onRawConnection).on('secureConnection', onSecureConnection)
}

/** @param {any} server */
function forget (server) {
  server.removeListener('close', onServerClose)
  server.removeListener('connection', onConnection)
  server.removeListener('connection', onRawConnection)
  server.removeListener('secureConnection', onSecureConnection)
  handles.delete(server)
}

function forgetAll () {
  for (const server of handles.keys()) forget(server)
  inHandshake.clear()
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

module.exports = { connectionOf, expect, forgetAll, knownConnectionOf, learn }
