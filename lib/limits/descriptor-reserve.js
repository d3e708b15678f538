'use strict'

const fdWatch = require('./fd-watch.js')

/**
 * The first descriptor that is kept for the process itself. The kernel gives out the lowest number that is
 * free: who gets this one knows that as many are open.
 *
 * @param {{ maxFdRatio: number, dryRun: boolean }} options
 * @returns {number} Infinity where none is kept
 */
function firstReserved ({ maxFdRatio, dryRun }) {
  if (maxFdRatio === 0 || dryRun) return Infinity
  // The other half of what is above the limit is for those that send a request, and are told 503.
  return Math.ceil(fdWatch.limit * (1 + maxFdRatio) / 2)
}

/**
 * Keeps the last descriptors for the process itself: a connection that has got one of them is closed as soon
 * as it is accepted. Who connects and sends no request can be refused in no other way.
 */
class DescriptorReserve {
  /** Connections that it closed. */
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

  /** @param {any} server that serves nothing but what the gate judges */
  watch (server) {
    // After Node's own listener, which ends what it has begun when the connection closes.
    server.on('connection', this.#onConnection)
    this.#servers.add(server)
  }

  close () {
    for (const server of this.#servers) server.removeListener('connection', this.#onConnection)
    this.#servers.clear()
  }
}

module.exports = { DescriptorReserve, firstReserved }
