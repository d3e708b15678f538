'use strict'

const diagnosticsChannel = require('node:diagnostics_channel')
const { performance } = require('node:perf_hooks')
const { setTimeout } = require('node:timers/promises')
const monitor = require('../../lib/loop/monitor.js')
const { binding } = require('../../lib/native/binding.js')
const { NS_PER_MS } = require('../../lib/native/units.js')
const { AdmissionController } = require('../../lib/admission/controller.js')

const { block } = require('./block.js')

/**
 * Makes a request late reliably, and without a pause of the loop, which would excuse the wait: the server's end of each
 * connection does not read for a while. The client runs in the same process, and the data that it writes to a connected
 * loopback socket is in the server's kernel buffer when the call returns.
 */

/**
 * The limit that tests set, in ms. Where the kernel reports waits, requests may wait for several times as long while the
 * server has time to spare, so that a lower limit is enough for ordinary requests.
 */
const LIMIT_MS = binding.kernelWaits ? 20 : 120

// Longer than the admission controller allows, by more than two ticks of the slowest kernel (10 ms) and by the time for
// which the process may lose the processor on a loaded machine between the reading of the wait and the decision.
const MARGIN_MS = 150

const SHORTEST_INTERVAL_MS = 16

// Whatever the load, and even if the accept queue becomes shorter, no request may wait for longer (kBurst in
// src/admission/queue_delay.cc).
const LONGEST_MS = binding.kernelWaits ? 50 * LIMIT_MS : LIMIT_MS

/** The shortest wait of a late request. */
const LATE_MS = LONGEST_MS + MARGIN_MS

/** A controller that sees no requests. It shows how much wait a pause of the loop excuses at the moment. */
const controller = new AdmissionController({ maxDelay: LIMIT_MS, maxInFlight: undefined, dryRun: false })

/** The handles of the connections that servers of this process have accepted. @type {Set<any>} */
const handles = new Set()
let holds = 0

diagnosticsChannel.subscribe('net.server.socket', (/** @type {any} */ { socket }) => {
  const handle = socket._handle
  handles.add(handle)
  // A client's end may be connected, and written to, before the server's end exists.
  if (holds > 0) handle.readStop()
  socket.once('close', () => handles.delete(handle))
})

/**
 * Sends something, and prevents all servers from reading until it is late.
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
      leftMs = Math.max(LONGEST_MS, controller.delayLimitMs()) + MARGIN_MS - (performance.now() - sentAt)
    }
    return Array.isArray(sent) ? Promise.all(sent) : sent
  } finally {
    if (--holds === 0) {
      if (binding.kernelWaits) {
        // After an idle turn, the gate does not ask the kernel, because requests found by the loop's poll cannot have waited.
        block(4 * binding.tickMs)
      } else {
        delayLoop()
      }
      for (const handle of handles) handle.readStart()
    }
    release()
  }
}

/** Delays the loop, for systems on which only the loop's delay shows that a request was late. */
function delayLoop () {
  monitor.setInterval(SHORTEST_INTERVAL_MS)
  monitor.setFactor(1)
  block(SHORTEST_INTERVAL_MS + LATE_MS)
}

/** Like late(), but then waits for the next sample, because all requests before it would be late. @type {typeof late} */
async function lateByLoop (send) {
  try {
    return await late(send)
  } finally {
    while (binding.loopDelayNs() > LIMIT_MS * NS_PER_MS) await setTimeout(SHORTEST_INTERVAL_MS)
  }
}

module.exports = { LIMIT_MS, LATE_MS, late: binding.kernelWaits ? late : lateByLoop }
