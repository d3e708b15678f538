'use strict'

const diagnosticsChannel = require('node:diagnostics_channel')

/**
 * How a test makes a request late without luck, and without a pause of the loop, which would excuse
 * it: the server's end of each connection does not read for a while. The client runs in the same
 * process, and what it writes on a connected loopback socket is in the server's kernel buffer when the
 * call returns.
 */

/** The limit that tests set, ms: far above what a request waits that nobody holds up. */
const LIMIT_MS = 80

// More than three ticks of the slowest kernel (10 ms) above the limit.
const LATE_MS = LIMIT_MS + 40

/** The handles of the connections that servers of this process have accepted. @type {Set<any>} */
const handles = new Set()

diagnosticsChannel.subscribe('net.server.socket', (/** @type {any} */ { socket }) => {
  const handle = socket._handle
  handles.add(handle)
  socket.once('close', () => handles.delete(handle))
})

/**
 * Sends, and lets nothing be read until what was sent is late.
 *
 * @template T
 * @param {() => T} send must write before it returns
 * @returns {T} what `send` returned
 */
function late (send) {
  const sent = send()
  const held = [...handles]
  for (const handle of held) handle.readStop()
  setTimeout(() => {
    for (const handle of held) if (handles.has(handle)) handle.readStart()
  }, LATE_MS)
  return sent
}

module.exports = { LIMIT_MS, LATE_MS, late }
