'use strict'

/**
 * How long the first request on a connection has waited. Its connection may have waited to be accepted before; that time
 * counts if the request has come with the connection, and not only later.
 */

const { binding } = require('../native/binding.js')
const { turnNumber } = require('../loop/turn-number.js')
const { NS_PER_MS } = require('../native/units.js')

/**
 * @typedef {import('./connection.js').Connection} Connection
 *
 * @typedef {object} FirstWait
 * @property {number} waitNs negative if it is not known
 * @property {boolean} queued whether the connection has just come through the accept queue
 *
 * @typedef {FirstWait & { source: 'kernel' | 'loop' }} StreamWait `source`: what measured the wait
 */

/** The maximum error of the difference between two times that are each exact to one tick of the kernel. */
const DOUBT_NS = 2 * binding.tickMs * NS_PER_MS
/**
 * A client is assumed to send its request within a quarter of the time for which its connection waits to be accepted, as
 * in src/loop/loop_monitor.cc.
 */
const SEND_PART = 4

/**
 * @param {Connection} connection
 * @returns {FirstWait}
 */
function firstWait (connection) {
  if (connection.fd < 0) return { waitNs: -1, queued: false }
  return connection.securedAt > 0 ? waitAfterHandshake(connection) : waitSinceAccepted(connection)
}

/** @param {Connection} connection @returns {FirstWait} */
function waitSinceAccepted (connection) {
  const { fd, queuedNs } = connection
  const waitNs = binding.requestWaitNs(fd, 1, queuedNs)
  connection.hasKernelWaits = waitNs >= 0
  if (waitNs >= 0) return { waitNs, queued: binding.wasQueued() }
  // A Unix socket. The loop reads the first bytes of a connection in the turn after the one in which it accepts it.
  if (queuedNs < 0 || turnNumber() > connection.acceptedIn + 1) return { waitNs: -1, queued: false }
  return { waitNs: queuedNs + binding.loopDelayNs(), queued: true }
}

/** @param {Connection} connection @returns {FirstWait} */
function waitAfterHandshake (connection) {
  const waitNs = binding.requestWaitNs(connection.fd, 0, -1)
  const isQueued = waitNs >= 0 && cameWithHandshake(connection, waitNs)
  return isQueued ? { waitNs: connection.queuedNs + waitNs, queued: true } : { waitNs, queued: false }
}

/**
 * @param {Connection} connection
 * @param {number} waitNs how long a request on it has waited since it was sent
 */
function cameWithHandshake ({ queuedNs, securedAt }, waitNs) {
  const sentAfterNs = (performance.now() - securedAt) * NS_PER_MS - waitNs
  return queuedNs >= 0 && sentAfterNs <= Math.max(DOUBT_NS, queuedNs / SEND_PART)
}

/**
 * How long a stream of an HTTP/2 session has waited. The kernel's figure is a lower bound: the session may have received
 * bytes of other streams since. So this is the longest time that the loop allows.
 *
 * @param {number} fd of the session's socket; negative if it is not known
 * @param {Connection | undefined} connection of the session
 * @returns {StreamWait}
 */
function streamWait (fd, connection) {
  const kernelNs = fd >= 0 ? binding.requestWaitNs(fd, 0, -1) : -1
  const loopNs = binding.longestWaitNs()
  const waitNs = Math.max(kernelNs, loopNs)
  const source = kernelNs >= loopNs ? 'kernel' : 'loop'
  if (connection === undefined || connection.used) return { waitNs, queued: false, source }
  connection.used = true
  const { queuedNs, securedAt, acceptedIn } = connection
  const isQueued = securedAt > 0 ? cameWithHandshake(connection, waitNs) : turnNumber() <= acceptedIn + 1
  if (!isQueued || queuedNs < 0) return { waitNs, queued: false, source }
  return { waitNs: queuedNs + waitNs, queued: true, source: 'kernel' }
}

module.exports = { firstWait, streamWait }
