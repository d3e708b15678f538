'use strict'

/**
 * What is known of a request from the moment Node has parsed its head, kept in one place: a framework
 * makes its own of Node's objects, and each look at those is dear from then on.
 */
class Arrival {
  /** Whether a gate has decided on it: a request passes one. */
  judged = false
  /** The gate that admitted it. @type {import('./gate.js').Gate | null} */
  gate = null
  /** Its class, and the moment at which the law let it in; below 0 where the law keeps no place for it. */
  id = 0
  entered = 0
  /** Its key, where that has no class of its own. */
  candidate = ''
  /** Node's response, of one that a gate admitted. @type {any} */
  res = null
  /** Whether its response is over. */
  over = false

  /**
   * @param {string} method
   * @param {string} url the target, as the client sent it
   * @param {string[]} rawHeaders names and values in turn
   * @param {number} waitMs what it waited before its handler; below 0 where the kernel does not know
   * @param {Connection | null} connection null for one that did not come over HTTP/1
   */
  constructor (method, url, rawHeaders, waitMs, connection) {
    this.method = method
    this.url = url
    this.rawHeaders = rawHeaders
    this.waitMs = waitMs
    this.connection = connection
  }
}

/** A connection that requests come over. */
class Connection {
  /** Of its requests, those admitted and not yet answered: more than one where the client pipelines. @type {Arrival[]} */
  inFlight = []
  closed = false

  /**
   * @param {number} fd
   * @param {boolean} kernelKnows whether the kernel can tell what a request on it waited
   */
  constructor (fd, kernelKnows) {
    this.fd = fd
    this.kernelKnows = kernelKnows
  }

  /** @param {Arrival} arrival */
  remove (arrival) {
    const { inFlight } = this
    if (inFlight[inFlight.length - 1] === arrival) inFlight.pop()
    else inFlight.splice(inFlight.indexOf(arrival), 1)
  }
}

module.exports = { Arrival, Connection }
