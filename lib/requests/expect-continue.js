'use strict'

/**
 * Node tells a client that expects it to send its body (100 Continue, RFC 9110, section 10.1.1) before anybody
 * has judged the request, unless somebody listens. Here it is told once its request is admitted, and not at all
 * where that is refused.
 */

const { trackedRequestOf } = require('./watch.js')

const EVENT = 'checkContinue'

/** How many gates watch a server. @type {WeakMap<any, number>} */
const watches = new WeakMap()

/** @this {any} @param {any} req @param {any} res */
function onExpectation (req, res) {
  // Whoever else listens sees to it.
  if (this.listenerCount(EVENT) > 1) return
  const tracked = trackedRequestOf(req)
  tracked.awaitsContinue = true
  onFirstRead(req, () => { if (tracked.awaitsContinue) letContinue(tracked, res) })
  this.emit('request', req, res)
}

/**
 * Whoever reads the body before the gate is asked, waits for it.
 *
 * @param {any} req
 * @param {() => void} fn
 */
function onFirstRead (req, fn) {
  const { _read } = req
  /** @this {any} @param {number} size */
  req._read = function (size) {
    req._read = _read
    fn()
    return _read.call(this, size)
  }
}

/** For a gate that judges every request of some servers. */
class ContinueWatch {
  /** @type {Set<any>} */
  #servers = new Set()

  /** @param {any} server of Node's */
  watch (server) {
    const count = watches.get(server) ?? 0
    // First, as those for once are gone when they have been called.
    if (count === 0) server.prependListener(EVENT, onExpectation)
    watches.set(server, count + 1)
    this.#servers.add(server)
  }

  close () {
    for (const server of this.#servers) {
      const count = /** @type {number} */ (watches.get(server)) - 1
      if (count === 0) server.removeListener(EVENT, onExpectation)
      watches.set(server, count)
    }
    this.#servers.clear()
  }
}

/**
 * @param {import('./tracked-request.js').TrackedRequest} tracked
 * @param {any} res Node's response
 */
function letContinue (tracked, res) {
  tracked.awaitsContinue = false
  if (!res.headersSent) res.writeContinue()
}

module.exports = { ContinueWatch, letContinue }
