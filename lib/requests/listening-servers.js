'use strict'

/**
 * The servers that listen, as far as requests have revealed them. Known servers let `delay()` look at their accept
 * queues, and tell how long each new connection waited to be accepted.
 */

const { Connection } = require('./connection.js')
const { binding } = require('../native/binding.js')
const { reportFault } = require('./fault.js')

/** On a socket: its Connection. */
const kConnection = Symbol('spillway.connection')

/** Each server, and the handle it listened on when last seen. Servers that close are removed. @type {Map<any, any>} */
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
 * To be called for the first request of each connection.
 *
 * @param {any} server ignored if it does not listen: something else feeds it connections
 */
function learn (server) {
  const handle = server?._handle ?? null
  if (handle === null || handles.get(server) === handle) return
  if (!handles.has(server)) {
    server.once('close', onServerClose)
    const { Server } = require('node:http') // required on use
    // A TLS server emits 'connection' for the raw sockets; its requests arrive on others.
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
 * @returns {Connection} a new one if the socket was accepted unseen
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
