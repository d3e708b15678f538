'use strict'

const fdWatch = require('./fd-watch.js')

/**
 * The first file descriptor that is reserved for the process itself. The kernel assigns the lowest free number, so that
 * many descriptors are open when a connection gets it.
 *
 * @param {{ maxFdRatio: number, dryRun: boolean }} options
 * @returns {number} Infinity if none is reserved
 */
function firstReserved ({ maxFdRatio, dryRun }) {
  if (maxFdRatio === 0 || dryRun) return Infinity
  // Half of those above the limit. The other half is for connections whose requests are answered 503.
  return Math.ceil(fdWatch.limit * (1 + maxFdRatio) / 2)
}

/**
 * Reserves the last file descriptors for the process itself: a connection that gets one of them is closed as soon as it
 * is accepted. A client that connects and sends no request cannot be refused in any other way.
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

  /** @param {any} server whose every request the gate judges */
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
