'use strict'

/**
 * What is known of a request from the moment Node has parsed its head, kept in one place: a framework
 * makes its own of Node's objects, and each look at those is dear from then on.
 */
class TrackedRequest {
  /** Whether a gate that enforces has decided on it: a request passes one such gate. */
  judged = false
  /** The gates in dry run that have. @type {import('../gate/gate.js').Gate[] | null} */
  dryRunGates = null
  /** The first entry of a gate that admitted it. @type {import('../gate/in-flight.js').InFlightEntry | null} */
  entry = null
  /** Node's response, once a gate has admitted it. @type {any} */
  res = null
  /** What settles when its handler is through, where the framework tells. @type {PromiseLike<unknown> | null} */
  handled = null
  /** Its key, where that had no class of its own when it came. */
  candidate = ''
  /** Its client waits for a 100 (Continue) before it sends the body. */
  awaitsContinue = false
  /** Its client has left. */
  abandoned = false
  /** Its response was sent, or its client has left and its handler is through. */
  finished = false

  /**
   * @param {string} method
   * @param {string} url the target, as the client sent it
   * @param {string[]} rawHeaders names and values in turn
   * @param {number} waitMs what it waited before its handler; below 0 where the kernel does not know
   * @param {boolean} queued whether it has just come through the accept queue
   * @param {Connection | null} connection null for one that did not come over HTTP/1
   */
  constructor (method, url, rawHeaders, waitMs, queued, connection) {
    this.method = method
    this.url = url
    this.rawHeaders = rawHeaders
    this.waitMs = waitMs
    this.queued = queued
    this.connection = connection
  }

  /** @param {import('../gate/gate.js').Gate} gate */
  isKnownTo (gate) {
    return gate.isDryRun ? this.dryRunGates !== null && this.dryRunGates.includes(gate) : this.judged
  }

  /** @param {import('../gate/gate.js').Gate} gate */
  setKnownTo (gate) {
    if (!gate.isDryRun) this.judged = true
    else if (this.dryRunGates === null) this.dryRunGates = [gate]
    else this.dryRunGates.push(gate)
  }
}

/** A connection that requests come over. */
class Connection {
  /** Of its requests, those admitted and not yet answered: more than one where the client pipelines. @type {TrackedRequest[]} */
  inFlight = []
  /** Whether a request has come over it. */
  used = false
  closed = false

  /**
   * @param {number} fd
   * @param {number} queuedMs what it waited to be accepted; below 0 where that is not known
   */
  constructor (fd, queuedMs) {
    this.fd = fd
    this.queuedMs = queuedMs
    /** Whether the kernel can tell what a request on it waited. */
    this.kernelKnows = fd >= 0
  }

  /** @param {TrackedRequest} tracked */
  remove (tracked) {
    const { inFlight } = this
    if (inFlight[inFlight.length - 1] === tracked) {
      inFlight.pop()
      return
    }
    const index = inFlight.indexOf(tracked)
    if (index >= 0) inFlight.splice(index, 1)
  }
}

module.exports = { TrackedRequest, Connection }
