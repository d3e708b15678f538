'use strict'

const { performance } = require('node:perf_hooks')

/**
 * How a test makes a request late without luck. The client runs in the server's own process: a write
 * on a connected loopback socket is in the server's kernel buffer when the call returns, and the
 * server cannot read it before the test lets go of the event loop.
 */

/** The limit that tests set, ms: far above what a request waits that nobody holds up. */
const LIMIT_MS = 80

// More than a tick of the slowest kernel (10 ms) above the limit.
const LATE_MS = LIMIT_MS + 15

/**
 * Sends, and keeps the event loop busy until what was sent is late.
 *
 * @template T
 * @param {() => T} send must write before it returns
 * @returns {T} what `send` returned
 */
function late (send) {
  const sent = send()
  keepBusy(LATE_MS)
  return sent
}

/** @param {number} ms */
function keepBusy (ms) {
  const begin = performance.now()
  while (performance.now() - begin < ms);
}

module.exports = { LIMIT_MS, LATE_MS, late, keepBusy }
