'use strict'

/** A database's connections: `slots` jobs at a time, the others first come, first served. Outside the event loop. */
class Pool {
  #agenda
  #busy = 0
  #waiting = []

  constructor (agenda, slots) {
    this.#agenda = agenda
    this.slots = slots
  }

  /** Runs a job of `duration` ns when a slot is free, then calls `done(time)`. */
  submit (now, duration, done) {
    if (this.#busy < this.slots) this.#start(now, duration(), done)
    else this.#waiting.push({ duration, done })
  }

  #start (now, duration, done) {
    this.#busy++
    this.#agenda.at(now + duration, (time) => {
      this.#busy--
      const next = this.#waiting.shift()
      if (next) this.#start(time, next.duration(), next.done)
      done(time)
    })
  }
}

module.exports = Pool
