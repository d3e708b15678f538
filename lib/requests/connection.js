'use strict'

const { turnNumber } = require('../loop/turn-number.js')

/** An HTTP/1 connection that requests arrive on. */
class Connection {
  /**
   * Its requests that have no response yet. There are several if the client pipelines.
   *
   * @type {import('./tracked-request.js').TrackedRequest[]}
   */
  unanswered = []
  /** Whether a request has arrived on it. */
  used = false
  closed = false
  /** The server that accepted it; undefined until a request has arrived. @type {any} */
  server = undefined
  /** When its TLS handshake was over, by `performance.now()`; 0 without TLS. */
  securedAt = 0

  /**
   * @param {number} fd
   * @param {number} queuedNs how long it waited to be accepted; negative if unknown
   */
  constructor (fd, queuedNs) {
    this.fd = fd
    this.queuedNs = queuedNs
    /** Whether the kernel reports how long a request on it waited. */
    this.hasKernelWaits = fd >= 0
    /** The turn of the event loop in which it was accepted. */
    this.acceptedIn = turnNumber()
  }

  /** @param {import('./tracked-request.js').TrackedRequest} trackedRequest */
  remove (trackedRequest) {
    const { unanswered } = this
    if (unanswered[unanswered.length - 1] === trackedRequest) {
      unanswered.pop()
      return
    }
    const index = unanswered.indexOf(trackedRequest)
    if (index >= 0) unanswered.splice(index, 1)
  }
}

module.exports = { Connection }
