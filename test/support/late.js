'use strict'

const diagnosticsChannel = require('node:diagnostics_channel')
const { performance } = require('node:perf_hooks')
const { setTimeout } = require('node:timers/promises')
const monitor = require('../../lib/loop/monitor.js')
const { binding } = require('../../lib/native/binding.js')
const { AdmissionController } = require('../../lib/admission/controller.js')

const { block } = require('./block.js')

/**
 * How a test makes a request late without luck, and without a pause of the loop, which would excuse
 * it: the server's end of each connection does not read for a while. The client runs in the same
 * process, and what it writes on a connected loopback socket is in the server's kernel buffer when the
 * call returns.
 */

/**
 * The limit that tests set, ms. While a queue stands the admission controller keeps it to a quarter of that, which is
 * still far above what a request waits that nobody holds up.
 */
const LIMIT_MS = 120

// Above what the admission controller allows by more than two ticks of the slowest kernel (10 ms), and by what a loaded
// machine may take the processor away for between the reading of the wait and the judgement.
const MARGIN_MS = 150

const SHORTEST_INTERVAL_MS = 16

/** What a late request has waited at least. */
const LATE_MS = LIMIT_MS + MARGIN_MS

/** A controller that sees no requests, to tell what a pause of the loop, as a loaded machine makes it, excuses now. */
const controller = new AdmissionController({ maxDelay: LIMIT_MS, maxInFlight: undefined, dryRun: false })

/** The handles of the connections that servers of this process have accepted. @type {Set<any>} */
const handles = new Set()
let holds = 0

diagnosticsChannel.subscribe('net.server.socket', (/** @type {any} */ { socket }) => {
  const handle = socket._handle
  handles.add(handle)
  // A client's end may stand before the server's: it was written to as well.
  if (holds > 0) handle.readStop()
  socket.once('close', () => handles.delete(handle))
})

/**
 * Sends, and lets no server read until what was sent is late.
 *
 * @template T
 * @param {() => T | T[]} send must write before it returns
 * @returns {Promise<any>} what `send` returned, awaited
 */
async function late (send) {
  const release = monitor.acquire()
  holds++
  for (const handle of handles) handle.readStop()
  try {
    const sent = send()
    const sentAt = performance.now()
    for (let leftMs = LATE_MS; leftMs > 0;) {
      await setTimeout(leftMs)
      leftMs = controller.delayLimitMs() + MARGIN_MS - (performance.now() - sentAt)
    }
    return Array.isArray(sent) ? Promise.all(sent) : sent
  } finally {
    if (--holds === 0) {
      if (binding.kernelWaits) {
        // After an idle turn nobody asks the kernel: what the loop polls cannot have waited.
        block(4 * binding.tickMs)
      } else {
        delayLoop()
      }
      for (const handle of handles) handle.readStart()
    }
    release()
  }
}

/** Where only the loop can tell that a request was late, the loop is. */
function delayLoop () {
  monitor.setInterval(SHORTEST_INTERVAL_MS)
  monitor.setFactor(1)
  block(SHORTEST_INTERVAL_MS + LATE_MS)
}

/** Whatever comes until the next sample would be late too. @type {typeof late} */
async function lateByLoop (send) {
  try {
    return await late(send)
  } finally {
    while (binding.loopDelay() > LIMIT_MS) await setTimeout(SHORTEST_INTERVAL_MS)
  }
}

module.exports = { LIMIT_MS, LATE_MS, late: binding.kernelWaits ? late : lateByLoop }
