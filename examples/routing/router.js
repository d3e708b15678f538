'use strict'

// Routing by load within one machine: the primary of a cluster hands each new connection to one of the workers that would
// begin with it soonest. The kernel still tells the worker what the request has waited, the way through the primary included.

const net = require('node:net')

const toobusy = require('spillway')

const REPORT_EVERY_MS = 100 // what workers send, and so what a choice is out of date by
const AS_GOOD_MS = 10 // less than this between two delays is chance

/** The primary's part. */
class Router {
  /** Of those that have reported. @type {Map<import('node:cluster').Worker, { delayMs: number, lagMs: number, at: number }>} */
  #reports = new Map()
  #turn = 0

  /** @param {import('node:cluster').Worker} worker that calls `serveRouted()`, and gets nothing before */
  add (worker) {
    worker.on('message', ({ load }) => {
      if (load !== undefined) this.#reports.set(worker, { ...load, at: performance.now() })
    })
    worker.once('disconnect', () => this.#reports.delete(worker))
  }

  /**
   * @param {import('node:cluster').Worker} worker
   * @returns {{ delayMs: number, lagMs: number } | undefined} undefined before it reports, and when it has ended
   */
  loadOf (worker) {
    const report = this.#reports.get(worker)
    return report && { delayMs: delayOf(report), lagMs: report.lagMs }
  }

  /** @returns {import('node:net').Server} to listen where the clients come */
  createServer () {
    // Paused: what the client has sent is for the worker to read.
    return net.createServer({ pauseOnConnect: true }, socket => {
      const worker = this.#choose()
      if (worker === undefined) return socket.destroy()
      worker.send('connection', socket, error => { if (error) socket.destroy() })
    })
  }

  /** They take turns, so that not all goes to the one that reported the least, until it reports again. */
  #choose () {
    const delays = [...this.#reports].map(([worker, report]) => ({ worker, delayMs: delayOf(report) }))
    const delayLimitMs = Math.min(...delays.map(({ delayMs }) => delayMs)) + AS_GOOD_MS
    const soonest = delays.filter(({ delayMs }) => delayMs <= delayLimitMs)
    return soonest[this.#turn++ % soonest.length]?.worker
  }
}

/** A worker whose loop stands still cannot say so: its silence counts as what a request has waited there by now. */
function delayOf ({ delayMs, at }) {
  return Math.max(delayMs, performance.now() - at - REPORT_EVERY_MS)
}

/**
 * The worker's part: serves what the primary hands over, and reports what a connection would wait here.
 *
 * @param {import('node:http').Server} server that listens, if only on a port of its own: Node watches over the time-outs
 *   of a server's connections only while it does
 */
function serveRouted (server) {
  process.on('message', (message, socket) => {
    if (message !== 'connection' || socket === undefined) return // undefined: the client has left
    server.emit('connection', socket)
    socket.resume()
  })
  toobusy.interval(REPORT_EVERY_MS) // so that the figures follow as fast as they are reported
  const report = () => process.connected && process.send({ load: { delayMs: toobusy.delay(), lagMs: toobusy.lag() } })
  setInterval(report, REPORT_EVERY_MS).unref()
  report()
  process.once('disconnect', () => server.close()) // the cluster closes only what it has opened
}

module.exports = { Router, serveRouted }
