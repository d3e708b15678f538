'use strict'

const { ms } = require('./units')

// libuv accepts one connection a turn since 1.45; Linux and Node agree on a queue of 511.
const ACCEPT_QUEUE = 511

// As the binding numbers them.
const ADMIT = 0
const COMPLETED = 0
const ABANDONED = 1
const DETACHED = 2

/**
 * A Node server: the kernel's accept queue, and a loop of turns. In a turn one connection is accepted, every request whose
 * bytes are there begins, and every request in progress that waits for the loop makes one step.
 *
 * `costs` in ms: `turn` (polling), `accept`, `refuse` (a 503 through the framework), `begin` (the framework, per request).
 */
class Server {
  #agenda
  #law
  #costs
  #tick
  #acceptQueue = []
  #readable = []
  #runnable = []
  #closed = []
  #pauses = []

  constructor ({ agenda, law, costs, tickMs }) {
    this.#agenda = agenda
    this.#law = law
    this.#costs = costs
    this.#tick = ms(tickMs)
  }

  /** A client's handshake is complete; false when the queue is full and the kernel drops it. */
  connect (request) {
    if (this.#acceptQueue.length >= ACCEPT_QUEUE) return false
    this.#acceptQueue.push(request)
    return true
  }

  /** A request's bytes arrive on a connection that Node has accepted. */
  receive (request) {
    this.#readable.push(request)
  }

  /** The client hung up. */
  hangUp (request) {
    this.#closed.push(request)
  }

  /** Something that blocks the loop: garbage collection, a long synchronous call. */
  pause (duration) {
    this.#pauses.push(duration)
  }

  run (until) {
    let now = 0
    while (now < until) {
      this.#agenda.runUntil(now)
      if (this.#idle()) {
        now = Math.max(now, this.#agenda.next)
        continue
      }
      const end = this.#turn(now)
      this.#law.turn(end, end - now)
      now = end
    }
  }

  #idle () {
    return this.#acceptQueue.length + this.#readable.length + this.#runnable.length + this.#closed.length +
      this.#pauses.length === 0
  }

  #turn (now) {
    const readable = this.#readable.splice(0)
    const runnable = this.#runnable.splice(0)
    now += ms(this.#costs.turn)
    // The handler goes on working for nobody, as handlers do; the law hears of it from the response's 'close'.
    for (const request of this.#closed.splice(0)) this.#depart(request, now, ABANDONED)
    for (const duration of this.#pauses.splice(0)) now += duration
    const accepted = this.#acceptQueue.shift()
    if (accepted) {
      now += ms(this.#costs.accept)
      this.#readable.push(accepted)
    }
    for (const request of readable) now = this.#begin(request, now)
    for (const request of runnable) now = this.#step(request, now)
    return now
  }

  #begin (request, now) {
    const wait = (Math.floor(now / this.#tick) - Math.floor(request.arrived / this.#tick)) * this.#tick
    if (this.#law.arrive(now, request.class, wait) !== ADMIT) {
      now += ms(this.#costs.refuse)
      request.answer(503, now)
      return now
    }
    request.start = now
    request.counted = true
    return this.#step(request, now + ms(this.#costs.begin))
  }

  /** One step of CPU at most, then whatever the request waits for next. */
  #step (request, now) {
    const { phases } = request
    if (phases[request.phase]?.cpu !== undefined) now += request.lasting(phases[request.phase++].cpu)
    const next = phases[request.phase]
    if (next === undefined) {
      this.#depart(request, now, COMPLETED)
      request.answer(200, now)
    } else if (next.cpu !== undefined) {
      this.#runnable.push(request)
    } else if (next.detach) {
      request.phase++
      this.#depart(request, now, DETACHED)
      this.#runnable.push(request)
    } else {
      request.phase++
      const resume = () => this.#runnable.push(request)
      if (next.pool) next.pool.submit(now, () => request.lasting(next.io), resume)
      else this.#agenda.at(now + request.lasting(next.io), resume)
    }
    return now
  }

  #depart (request, now, outcome) {
    if (request.counted) this.#law.depart(now, request.class, request.start, outcome)
    request.counted = false
  }
}

module.exports = Server
