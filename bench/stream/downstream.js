'use strict'

/** A simulated downstream: it serves `slots` requests at a time for `serviceMs` each. `slots` may be changed. */
class SlotsDownstream {
  #waiting = []
  #busy = 0
  served = 0

  constructor (slots, serviceMs) {
    this.slots = slots
    this.serviceMs = serviceMs
  }

  handle = () => new Promise(resolve => {
    this.#waiting.push(resolve)
    this.serve()
  })

  serve () {
    while (this.#busy < this.slots && this.#waiting.length > 0) {
      const answer = this.#waiting.shift()
      this.#busy++
      setTimeout(() => {
        this.#busy--
        this.served++
        this.serve()
        answer()
      }, this.serviceMs)
    }
  }
}

module.exports = { SlotsDownstream }
