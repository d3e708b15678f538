'use strict'

/**
 * Listening sockets for the workers of a cluster. By default the primary of a cluster accepts the connections and passes
 * them on, so that they wait where no worker sees them. A worker that listens by itself sees its accept queue, and the
 * spill can refuse connections from it.
 */

const fs = require('node:fs')
const net = /** @type {any} */ (require('node:net'))
const { getSystemErrorName } = require('node:util')
const { TAKEN, discard, handOverAll } = require('./accept-queue/hand-over.js')
const { binding } = require('./native/binding.js')
const { invalidArgument } = require('./options/errors.js')
const { readOptions } = require('./options/read.js')
const { booleanRow, functionRow, stringRow, wholeNumberRow } = require('./options/rows.js')

/**
 * @typedef {object} ListenOptions
 * @property {number} port 0 to 65535; 0: a free port, another one for each server
 * @property {string} [host] an address or a name; default: all addresses, as for `server.listen()`
 * @property {number} [backlog] the maximum length of the accept queue, which the system limits too; default: 511
 * @property {boolean} [ipv6Only] whether `::` stands only for IPv6 addresses
 */

const ENTRY = 'spillway/cluster'
/** How long the first request of an accepted connection may take to arrive after `close()`. */
const ARRIVAL_MS = 250
/** How often a server that closes looks for connections that wait. */
const MOST_ROUNDS = 10
const MOST_PORT = 65_535
const MOST_BACKLOG = 2 ** 31 - 1
const ALL_IPV6 = '::'
const ALL_IPV4 = '0.0.0.0'
/** Errors on a system without IPv6. */
const NO_IPV6 = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL'])

const table = {
  port: { ...wholeNumberRow(0, MOST_PORT), required: true },
  host: stringRow,
  backlog: { ...wholeNumberRow(1, MOST_BACKLOG), default: 511 },
  ipv6Only: booleanRow
}

/**
 * Makes a server listen on a port that it shares with the other processes that call this function for the same port
 * (SO_REUSEPORT). The kernel distributes new connections among them.
 *
 * In the worker of a cluster, the server closes when the worker is told to disconnect. Before a server closes, it accepts the
 * connections that wait in its accept queue, because the kernel would reset them.
 *
 * @template {import('node:net').Server} Server
 * @param {Server} server
 * @param {ListenOptions} options
 * @param {() => void} [callback] a listener for 'listening'
 * @returns {Server} `server`, which emits 'error' if it cannot listen, as after `server.listen()`
 * @throws {TypeError | RangeError} for a wrong argument or option
 * @throws {Error} with the code ERR_SERVER_ALREADY_LISTEN, as `server.listen()`
 */
function listen (server, options, callback) {
  if (typeof server?.listen !== 'function' || typeof server.close !== 'function') {
    throw invalidArgument(`${ENTRY}: listen()`, 'a server', server)
  }
  if (callback !== undefined && !functionRow.hasType(callback)) throw invalidArgument(`${ENTRY}: listen()`, 'a function as callback', callback)
  const settings = readOptions(ENTRY, table, options, 'docs/cluster.md')
  if (server.listening) throw alreadyListens()
  if (callback !== undefined) server.once('listening', callback)
  const { host } = settings
  if (host === undefined || net.isIP(host) > 0) listenOn(server, host, settings)
  else {
    const dns = require('node:dns') // required on use
    dns.lookup(host, (error, address) => {
      if (error) server.emit('error', error)
      else if (server.listening) server.emit('error', alreadyListens())
      else listenOn(server, address, settings)
    })
  }
  return server
}

/** The error that `server.listen()` throws. */
function alreadyListens () {
  return Object.assign(new Error('Listen method has been called more than once without closing.'), { code: 'ERR_SERVER_ALREADY_LISTEN' })
}

/**
 * @param {any} server
 * @param {string | undefined} address
 * @param {{ port: number, backlog: number, ipv6Only: boolean }} settings
 */
function listenOn (server, address, settings) {
  const { port, backlog, ipv6Only } = settings
  const fd = binding.listenShared(address ?? ALL_IPV6, port, backlog, ipv6Only ? 1 : 0)
  if (fd >= 0) return serve(server, fd, settings)
  const code = getSystemErrorName(fd)
  if (address === undefined && NO_IPV6.has(code)) return listenOn(server, ALL_IPV4, settings)
  fail(server, fd, address ?? ALL_IPV6, port)
}

/**
 * @param {any} server
 * @param {number} errno negative
 * @param {string} address
 * @param {number} port
 */
function fail (server, errno, address, port) {
  const code = getSystemErrorName(errno)
  const error = Object.assign(new Error(`listen ${code}: ${address}:${port}`), { code, errno, syscall: 'listen', address, port })
  process.nextTick(() => server.emit('error', error))
}

/**
 * @param {any} server
 * @param {number} fd of the listening socket
 * @param {{ port: number, backlog: number }} settings
 */
function serve (server, fd, { port, backlog }) {
  // A handle, because in a worker a descriptor would stand for one of the primary's.
  const handle = net._createServerHandle(null, null, null, fd)
  if (typeof handle === 'number') {
    fs.closeSync(fd)
    return fail(server, handle, '', port)
  }
  server.listen(handle, backlog)
  const restore = acceptRestBeforeClose(server)
  const onDisconnect = () => server.close()
  process.once('disconnect', onDisconnect)
  server.once('close', () => {
    process.removeListener('disconnect', onDisconnect)
    restore()
  })
}

/**
 * When a listening socket closes, the kernel resets the connections that wait on it. So the server accepts them before.
 *
 * @param {any} server
 * @returns {() => void} undoes that
 */
function acceptRestBeforeClose (server) {
  const { close } = server
  const had = Object.hasOwn(server, 'close')
  const restore = () => {
    if (server.close !== closeAfterRest) return
    if (had) server.close = close
    else delete server.close
  }
  /** @this {any} @param {...any} args */
  function closeAfterRest (...args) {
    restore()
    acceptRest(server)
    setTimeout(() => server.closeIdleConnections?.(), ARRIVAL_MS).unref()
    return withoutClosingIdle(server, () => Reflect.apply(close, this, args))
  }
  server.close = closeAfterRest
  return restore
}

/**
 * `close()` of `http` also closes idle connections. Since Node.js 26, those whose first request has not arrived are idle, too.
 *
 * @template T
 * @param {any} server
 * @param {() => T} close
 * @returns {T}
 */
function withoutClosingIdle (server, close) {
  if (server.closeIdleConnections === undefined) return close()
  const own = Object.getOwnPropertyDescriptor(server, 'closeIdleConnections')
  server.closeIdleConnections = () => {}
  try {
    return close()
  } finally {
    if (own === undefined) delete server.closeIdleConnections
    else Object.defineProperty(server, 'closeIdleConnections', own)
  }
}

/** @param {any} server */
function acceptRest (server) {
  const handle = server._handle
  if (!(handle?.fd >= 0)) return
  // More connections arrive while others are handed over.
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const fds = binding.acceptAll(handle.fd)
    if (fds.length === 0) return
    handOverAll(server, handle, fds, fds.length)
    for (const fd of fds) if (fd !== TAKEN) discard(handle, fd)
  }
}

module.exports = { listen }
