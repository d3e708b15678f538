'use strict'

const Agenda = require('./agenda')
const Random = require('./random')
const { ms, toMs } = require('./units')

const { binding } = require('../../lib/native/binding')

// How a monitor samples and smooths the event loop's lag.
const LAG_EVERY_MS = 500
const LAG_FACTOR = 1 / 3

/** The real limit, on a virtual clock. */
function auto () {
  const controller = binding.createConcurrency()
  return {
    get limit () { return controller.snapshot().limit },
    begin: controller.beginAt,
    end: controller.endAt
  }
}

/** A fixed limit. */
const fixed = (limit) => ({ limit, begin () {}, end () {} })

/**
 * Simulates a stream whose source is never empty, on a virtual clock: handlers start while fewer than the limit are in flight.
 * Returns `{ start, end, ok }` in ms for each settled handler, and the limit every 10 ms as `limits`.
 *
 * `handler(world, now, settle)` calls `settle(time, ok = true)`; `script`: `[[atMs, run], …]`; `wants(ms)`: whether the
 * source has an item; `lagIsSeen: false` if the limit does not see lag.
 */
function simulateStream ({ handler, limit = auto(), durationMs, seed = 1, script = [], wants = () => true, lagIsSeen = true }) {
  const agenda = new Agenda()
  const world = { agenda, random: new Random(seed), loop: new Loop(agenda) }
  const records = []
  const limits = []
  let inFlight = 0
  let lag = 0

  function fill (now) {
    while (inFlight < limit.limit && wants(toMs(now))) {
      inFlight++
      limit.begin(now)
      const start = now
      handler(world, now, (time, ok = true) => agenda.at(time, (now) => {
        inFlight--
        limit.end(now, start, Number(ok), lagIsSeen ? lag : 0)
        records.push({ start: toMs(start), end: toMs(now), ok })
        fill(now)
      }))
    }
  }

  const every = (intervalMs, run) => {
    for (let at = intervalMs; at < durationMs; at += intervalMs) agenda.at(ms(at), run)
  }
  every(LAG_EVERY_MS, (now) => { lag += LAG_FACTOR * (world.loop.delay(now) - lag) })
  every(10, (now) => {
    limits.push({ at: toMs(now), limit: limit.limit })
    fill(now)
  })
  for (const [atMs, run] of script) agenda.at(ms(atMs), (now) => run(world, now))
  agenda.at(ms(1), fill)
  agenda.runUntil(ms(durationMs))
  return { records, limits }
}

/** The event loop, which does one thing after another. */
class Loop {
  #agenda
  #freeAt = 0

  constructor (agenda) {
    this.#agenda = agenda
  }

  /** How long something that is due now would wait. */
  delay (now) {
    return Math.max(0, this.#freeAt - now)
  }

  run (now, cpuMs, done) {
    this.#freeAt = Math.max(this.#freeAt, now) + ms(cpuMs)
    this.#agenda.at(this.#freeAt, done)
  }
}

/** A downstream service with a number of slots; other calls wait in order. `slots` may be changed. */
class Downstream {
  #waiting = []
  #busy = 0

  constructor (slots, serviceMs) {
    this.slots = slots
    this.serviceMs = serviceMs
  }

  handler = (world, now, settle) => {
    this.#waiting.push(settle)
    this.serve(world, now)
  }

  serve (world, now) {
    while (this.#busy < this.slots && this.#waiting.length > 0) {
      const settle = this.#waiting.shift()
      this.#busy++
      world.agenda.at(now + ms(this.serviceMs(world.random)), (end) => {
        this.#busy--
        this.serve(world, end)
        settle(end)
      })
    }
  }
}

/** Figures of what completed in [fromMs, untilMs[: `rate` per second, mean and p99 of the response in ms, and the mean limit. */
function streamFigures ({ records, limits }, { fromMs, untilMs }) {
  const done = records.filter(({ end, ok }) => ok && end >= fromMs && end < untilMs)
  const responses = Float64Array.from(done, ({ start, end }) => end - start).sort()
  const within = limits.filter(({ at }) => at >= fromMs && at < untilMs)
  return {
    rate: done.length * 1000 / (untilMs - fromMs),
    response: mean(responses),
    limit: mean(within.map(({ limit }) => limit))
  }
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length

module.exports = { auto, fixed, simulateStream, Downstream, streamFigures }
