'use strict'

// Routing by load on one machine: the primary of a cluster hands each new connection to one of the workers that would serve
// it soonest. The kernel still reports to the worker how long the request has waited, including the time in the primary.

const net = require('node:net')

const toobusy = require('spillway')

const REPORT_EVERY_MS = 100 // a choice is based on figures of at most this age
const AS_GOOD_MS = 10 // a smaller difference between two delays is noise

/** Used by the primary. */
class Router {
  /** The last report of each worker. @type {Map<import('node:cluster').Worker, { delayMs: number, lagMs: number, at: number }>} */
  #reports = new Map()
  #turn = 0

  /** @param {import('node:cluster').Worker} worker gets connections once it has called `serveRouted()` */
  add (worker) {
    worker.on('message', ({ load }) => {
      if (load !== undefined) this.#reports.set(worker, { ...load, at: performance.now() })
    })
    worker.once('disconnect', () => this.#reports.delete(worker))
  }

  /**
   * @param {import('node:cluster').Worker} worker
   * @returns {{ delayMs: number, lagMs: number } | undefined} undefined before its first report, and once it has disconnected
   */
  loadOf (worker) {
    const report = this.#reports.get(worker)
    return report && { delayMs: delayOf(report), lagMs: report.lagMs }
  }

  /** @returns {import('node:net').Server} listen with it on the port for clients */
  createServer () {
    // Paused, so that the worker, not the primary, reads the client's data.
    return net.createServer({ pauseOnConnect: true }, socket => {
      const worker = this.#choose()
      if (worker === undefined) return socket.destroy()
      worker.send('connection', socket, error => { if (error) socket.destroy() })
    })
  }

  /** The best workers take turns. Otherwise one would get all connections until its next report. */
  #choose () {
    const delays = [...this.#reports].map(([worker, report]) => ({ worker, delayMs: delayOf(report) }))
    const delayLimitMs = Math.min(...delays.map(({ delayMs }) => delayMs)) + AS_GOOD_MS
    const soonest = delays.filter(({ delayMs }) => delayMs <= delayLimitMs)
    return soonest[this.#turn++ % soonest.length]?.worker
  }
}

/** A worker whose loop is blocked cannot report that: a request there waits at least as long as the worker is silent. */
function delayOf ({ delayMs, at }) {
  return Math.max(delayMs, performance.now() - at - REPORT_EVERY_MS)
}

/**
 * Used by a worker: serves the connections that the primary hands over, and reports how long a new one would wait.
 *
 * @param {import('node:http').Server} server must be listening, even if only on its own port: Node.js enforces the
 *   timeouts of a server's connections only while the server listens
 */
function serveRouted (server) {
  process.on('message', (message, socket) => {
    if (message !== 'connection' || socket === undefined) return // undefined if the client has left
    server.emit('connection', socket)
    socket.resume()
  })
  toobusy.interval(REPORT_EVERY_MS) // so that each report has new figures
  const report = () => process.connected && process.send({ load: { delayMs: toobusy.delay(), lagMs: toobusy.lag() } })
  setInterval(report, REPORT_EVERY_MS).unref()
  report()
  process.once('disconnect', () => server.close()) // the cluster module closes only servers that it manages
}

module.exports = { Router, serveRouted }
