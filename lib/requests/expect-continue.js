'use strict'

/**
 * A client that sends `Expect: 100-continue` withholds the body until it gets a 100 (Continue, RFC 9110, section 10.1.1).
 * Without a `'checkContinue'` listener on the server, Node sends the 100 as soon as it has parsed the head. The listener of
 * this module delays it until the request is admitted; a refused request never gets one.
 */

const { trackedRequestOf } = require('./watch.js')

const EVENT = 'checkContinue'

/** How many gates watch each server. @type {WeakMap<any, number>} */
const watches = new WeakMap()

/** @this {any} @param {any} req @param {any} res */
function onCheckContinue (req, res) {
  // If there is another listener, it answers the client.
  if (this.listenerCount(EVENT) > 1) return
  const trackedRequest = trackedRequestOf(req)
  trackedRequest.awaitsContinue = true
  onFirstRead(req, () => { if (trackedRequest.awaitsContinue) trackedRequest.sendContinue(res) })
  this.emit('request', req, res)
}

/**
 * Calls `fn` before the first read of the body. Otherwise, code that reads the body before the gate has judged the
 * request would wait forever.
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

/** Adds the listener to the servers for which one gate judges every request. */
class ContinueWatch {
  /** @type {Set<any>} */
  #servers = new Set()

  /** @param {any} server of Node */
  watch (server) {
    const count = watches.get(server) ?? 0
    // Prepended, because listeners added by once() are already removed when the next listener runs.
    if (count === 0) server.prependListener(EVENT, onCheckContinue)
    watches.set(server, count + 1)
    this.#servers.add(server)
  }

  close () {
    for (const server of this.#servers) {
      const count = /** @type {number} */ (watches.get(server)) - 1
      if (count === 0) server.removeListener(EVENT, onCheckContinue)
      watches.set(server, count)
    }
    this.#servers.clear()
  }
}

module.exports = { ContinueWatch }
