'use strict'

const { ms } = require('./units')

// Since 1.45, libuv accepts one connection a turn. Linux and Node both default to a queue of 511.
const ACCEPT_QUEUE = 511

// The numbers that the binding uses.
const ADMIT = 0
const COMPLETED = 0
const ABANDONED = 1
const DETACHED = 2

// Takes the place of the admission time of a request that was refused in a dry run.
const GHOST = 0

// How long one turn may refuse connections from the accept queue.
const SPILL_BATCH_MS = 0.9

/**
 * A Node.js process: an accept queue for each listening server, and one event loop. In each turn, a server accepts one
 * connection, each request whose bytes have arrived begins, and each request that waits for the loop makes one step.
 *
 * A request has `connection` (any object), `server`, `class`, `arrived`, `claimsNoWait` (as if its body were still arriving),
 * `phases` and the next `phase`, `lasting(ms)` (with noise, in ns) and `answer(status, now)`. A phase is `{ cpu }` (ms or a
 * distribution, in its own turn), `{ io }` (ms, beside the loop), `{ io, pool }` or `{ detach: true }`.
 *
 * `costs` are in ms: `turn` (polling), `accept`, `begin` (the framework's share of a request), `refuse` (its share of a 503) and
 * `spill` (a 503 from the accept queue, if `spill` is on).
 */
class Process {
  #agenda
  #controllers
  #costs
  #tick
  #kernelWaits
  #spill
  #dryRun
  #mostWaiting
  #turnBegan = 0
  #turns = 0
  #acceptQueues
  #readable = []
  #runnable = []
  #closed = []
  #pauses = []

  constructor ({ agenda, controllers, costs, tickMs, kernelWaits, spill = false, dryRun = false, acceptQueue = ACCEPT_QUEUE }) {
    this.#agenda = agenda
    this.#controllers = controllers
    this.#costs = costs
    this.#tick = ms(tickMs)
    this.#kernelWaits = kernelWaits
    this.#spill = spill
    this.#dryRun = dryRun
    this.#mostWaiting = acceptQueue
    this.#acceptQueues = controllers.map(() => [])
  }

  /** Completes the handshake of this request's connection; false if the queue is full and the kernel drops it. */
  connect (request) {
    const queue = this.#acceptQueues[request.server]
    if (queue.length >= this.#mostWaiting) return false
    request.queued = true
    queue.push(request)
    return true
  }

  /** Delivers the request's bytes on a connection that is already accepted. */
  receive (request) {
    this.#readable.push(request)
  }

  /** Makes the client of this request leave. */
  hangUp (request) {
    this.#closed.push(request)
  }

  /** Blocks the loop for this many ns, as garbage collection or a long synchronous call does. */
  pause (duration) {
    this.#pauses.push(duration)
  }

  run (until) {
    let now = 0
    let begun = 0 // the end of the turn before, after which the loop refuses connections
    while (now < until) {
      this.#agenda.runUntil(now)
      if (this.#idle()) {
        now = Math.max(now, this.#agenda.next)
        begun = now
        continue
      }
      const end = this.#turn(now)
      this.#agenda.runUntil(end) // connections that came meanwhile
      if (this.#spill) this.#acceptQueues.forEach((queue, i) => this.#controllers[i].queued(queue.length))
      const longest = Math.max(...this.#acceptQueues.map((queue) => queue.length))
      for (const controller of this.#controllers) controller.turn(end, end - begun, longest)
      begun = end
      now = this.#spill ? this.#refuseWaiting(end) : end
    }
  }

  #idle () {
    return this.#readable.length === 0 && this.#runnable.length === 0 && this.#closed.length === 0 &&
      this.#pauses.length === 0 && this.#acceptQueues.every((queue) => queue.length === 0)
  }

  #turn (now) {
    this.#turnBegan = now
    const readable = this.#poll()
    const runnable = this.#runnable.splice(0)
    now += ms(this.#costs.turn)
    // The handler keeps working, as handlers do; the admission controller learns from 'close' that the client left.
    for (const request of this.#closed.splice(0)) this.#depart(request, now, ABANDONED)
    for (const duration of this.#pauses.splice(0)) now += duration
    for (const queue of this.#acceptQueues) {
      if (queue.length === 0) continue
      now += ms(this.#costs.accept)
      this.#readable.push(queue.shift())
    }
    for (const request of readable) now = this.#begin(request, now)
    for (const request of runnable) now = this.#step(request, now)
    return now
  }

  /** The requests that have arrived, in the order of epoll: first those on connections that it reported in the last turn, too. */
  #poll () {
    const last = this.#turns++
    const wasReported = ({ connection }) => Number(connection.reportedIn === last)
    const readable = this.#readable.splice(0).sort((a, b) => wasReported(b) - wasReported(a))
    for (const { connection } of readable) connection.reportedIn = this.#turns
    return readable
  }

  /** Refuses the oldest connections in the accept queues, except for the number that the admission controller lets wait. */
  #refuseWaiting (now) {
    const { spill } = this.#costs
    this.#acceptQueues.forEach((queue, i) => {
      const controller = this.#controllers[i]
      const count = Math.min(controller.excess(now, queue.length), Math.floor(SPILL_BATCH_MS / spill))
      if (count === 0) return
      for (const request of queue.splice(0, count)) {
        now += ms(spill)
        request.answer(503, now)
        request.spilled()
      }
      controller.spilled(count)
    })
    return now
  }

  #begin (request, now) {
    const controller = this.#controllers[request.server]
    const admitted = controller.arrive(now, request.class, this.#waited(request, now), Number(request.queued), request.client, request.weight, request.priority, request.patience) === ADMIT
    request.judged(admitted, now)
    if (!admitted && !this.#dryRun) {
      now += ms(this.#costs.refuse)
      request.answer(503, now)
      return now
    }
    request.start = admitted ? now : GHOST
    request.counted = true
    return this.#step(request, now + ms(this.#costs.begin))
  }

  // The kernel counts in ticks. If it does not count at all, the running turn's delay is used instead.
  #waited (request, now) {
    if (request.claimsNoWait) return 0
    if (!this.#kernelWaits) return now - this.#turnBegan
    return (Math.floor(now / this.#tick) - Math.floor(request.arrived / this.#tick)) * this.#tick
  }

  /** Does at most one step of CPU, and then starts the operation that the request waits for next. */
  #step (request, now) {
    const { phases } = request
    if (phases[request.phase]?.cpu !== undefined) now += request.lasting(phases[request.phase++].cpu)
    const next = phases[request.phase]
    if (next === undefined) {
      this.#depart(request, now, COMPLETED)
      request.answer(200, now)
      return now
    }
    const resume = () => this.#runnable.push(request)
    if (next.cpu === undefined) request.phase++
    if (next.detach) this.#depart(request, now, DETACHED)
    if (next.pool) next.pool.submit(now, () => request.lasting(next.io), resume)
    else if (next.io !== undefined) this.#agenda.at(now + request.lasting(next.io), resume)
    else resume()
    return now
  }

  #depart (request, now, outcome) {
    if (request.counted) this.#controllers[request.server].depart(now, request.class, request.start, outcome)
    request.counted = false
  }
}

module.exports = Process
