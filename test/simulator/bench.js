'use strict'

const { CLASS_STATES, STATE_REASONS } = require('../../lib/admission/controller')
const Agenda = require('./agenda')
const { spillway } = require('./controllers')
const { ms } = require('./units')

const ADMIT = 0
const COMPLETED = 0

/** An admission controller with a clock. Time passes in turns of 1 ms, and the caller says how long each is busy. */
class Bench {
  now = ms(1e6)
  #agenda = new Agenda()

  constructor (options) {
    this.controller = spillway(options)
  }

  /** `queued` connections wait to be accepted. */
  pass (lasting, { busyMs = 0.1, queued = 0 } = {}) {
    for (let i = 0; i < lasting; i++) {
      this.now += ms(1)
      this.#agenda.runUntil(this.now)
      this.controller.turn(this.now, ms(busyMs), queued)
    }
  }

  longTurn (lasting) {
    this.now += ms(lasting)
    this.controller.turn(this.now, ms(lasting), 0)
  }

  arrive (id = 0, waitedMs = 0, queued = 1) {
    return this.controller.arrive(this.now, id, ms(waitedMs), queued)
  }

  depart (id, start, outcome = COMPLETED) {
    this.controller.depart(this.now, id, start, outcome)
  }

  /** Sends `rate` requests a second for `lasting` ms, each answered after `responseMs`; the loop is busy for `busyMs` of
   * each ms. Returns the verdicts. */
  traffic (lasting, { id = 0, rate = 100, responseMs = 50, waitedMs = 0, outcome = COMPLETED, busyMs } = {}) {
    const verdicts = []
    for (let time = 0, due = 0; time < lasting; time++) {
      for (due += rate / 1000; due >= 1; due--) verdicts.push(this.request({ id, responseMs, waitedMs, outcome }))
      this.pass(1, { busyMs })
    }
    return verdicts
  }

  request ({ id = 0, responseMs = 50, waitedMs = 0, queued = 1, outcome = COMPLETED } = {}) {
    const start = this.now
    const verdict = this.arrive(id, waitedMs, queued)
    if (verdict === ADMIT) {
      this.#agenda.at(start + ms(responseMs), (time) => this.controller.depart(time, id, start, outcome))
    }
    return verdict
  }

  get gate () {
    return { ...this.controller.snapshot(), delayLimitNs: this.controller.delayLimitNs(this.now) }
  }

  class (id = 0) {
    const figures = this.controller.snapshotOf(id)
    return { ...figures, state: CLASS_STATES[figures.state], stateReason: STATE_REASONS[figures.stateReason] }
  }
}

module.exports = Bench
