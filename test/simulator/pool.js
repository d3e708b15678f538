'use strict'

/** The connections to a database, beside the event loop: a fixed number of jobs run at a time, and the others wait in order. */
class Pool {
  #agenda
  #slots
  #waiting = []
  #first = 0

  constructor (agenda, slots) {
    this.#agenda = agenda
    this.#slots = slots
  }

  /** Runs a job that lasts `duration()` ns as soon as a connection is free, then calls `done(time)`. */
  submit (now, duration, done) {
    if (this.#slots === 0) {
      this.#waiting.push({ duration, done })
      return
    }
    this.#slots--
    this.#agenda.at(now + duration(), (time) => {
      this.#slots++
      const next = this.#next()
      if (next) this.submit(time, next.duration, next.done)
      done(time)
    })
  }

  #next () {
    if (this.#first === this.#waiting.length) return undefined
    const next = this.#waiting[this.#first++]
    if (this.#first === 1000) {
      this.#waiting.splice(0, this.#first)
      this.#first = 0
    }
    return next
  }
}

module.exports = Pool
