'use strict'

const fdWatch = require('./fd-watch.js')

/**
 * The lowest file descriptor that is reserved for the process itself. The kernel assigns the lowest free number, so a
 * connection gets this one only if all below it are in use.
 *
 * @param {{ maxFdRatio: number, dryRun: boolean }} options
 * @returns {number} Infinity if none is reserved
 */
function firstReserved ({ maxFdRatio, dryRun }) {
  if (maxFdRatio === 0 || dryRun) return Infinity
  // The upper half of the descriptors above the limit. The lower half is for connections whose requests are answered with
  // 503.
  return Math.ceil(fdWatch.limit * (1 + maxFdRatio) / 2)
}

/**
 * Reserves the highest file descriptors for the process itself: a connection that gets one of them is closed as soon as
 * it is accepted. There is no other way to refuse a client that connects and sends no request.
 */
class DescriptorReserve {
  /** Connections that it has closed. */
  dropped = 0
  #options
  #onDrop
  /** @type {Set<any>} */
  #servers = new Set()
  /** @param {any} socket */
  #onConnection = (socket) => {
    const fd = socket._handle?.fd ?? -1
    if (fd < firstReserved(this.#options)) return
    this.dropped++
    if (fd >= fdWatch.from) fdWatch.note(fd)
    this.#onDrop()
    socket.destroy()
  }

  /**
   * @param {{ maxFdRatio: number, dryRun: boolean }} options
   * @param {() => void} onDrop
   */
  constructor (options, onDrop) {
    this.#options = options
    this.#onDrop = onDrop
  }

  /** @param {any} server of which the gate judges every request */
  watch (server) {
    // After Node's own listener, which cleans up when the connection closes.
    server.on('connection', this.#onConnection)
    this.#servers.add(server)
  }

  close () {
    for (const server of this.#servers) server.removeListener('connection', this.#onConnection)
    this.#servers.clear()
  }
}

module.exports = { DescriptorReserve, firstReserved }
