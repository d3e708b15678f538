'use strict'

const { readOptions, show } = require('./gate/options.js')

/**
 * @typedef {object} ReadinessOptions
 * @property {number} [refusing] share of its requests, above 0 up to 1, from which on an instance that refuses it counts
 *   as overloaded; default 0.9
 * @property {number} [notReadyAfter] s without a break that it must have been overloaded; default 10
 * @property {number} [readyAfter] s without a break that it must have refused less than half that share, or been asked
 *   nothing; default 5
 *
 * @typedef {(() => boolean) & { close: () => void }} Ready whether to be sent requests; `close` ends the watching, and
 *   leaves the answer as it is
 */

const SECOND_MS = 1000
const LONGEST_S = 3600

/** @type {import('./gate/options.js').OptionRow} */
const secondsRow = {
  takes: `a whole number of seconds from 1 to ${LONGEST_S}`,
  hasType: (value) => typeof value === 'number',
  inRange: (value) => Number.isInteger(value) && value >= 1 && value <= LONGEST_S
}

/** @type {Record<keyof ReadinessOptions, import('./gate/options.js').OptionRow>} */
const table = {
  refusing: {
    takes: 'a number above 0, up to 1',
    hasType: (value) => typeof value === 'number',
    inRange: (value) => value > 0 && value <= 1,
    // One that refuses half still does all the work it can, and sent away would leave it to the others.
    default: 0.9
  },
  notReadyAfter: { ...secondsRow, default: 10 },
  readyAfter: { ...secondsRow, default: 5 }
}

/**
 * Readiness, for the load balancer that asks: false once the instance has refused nearly everything for seconds, until
 * it has been calm for seconds. Never keeps the process alive.
 *
 * @param {Pick<import('./gate/gate.js').GateHandle, 'stats'>} gate
 * @param {ReadinessOptions} [options]
 * @returns {Ready}
 * @throws {TypeError | RangeError} on something that is no gate, an unknown option, a value out of range
 */
module.exports = function readiness (gate, options) {
  if (typeof gate?.stats !== 'function') {
    throw new TypeError(`spillway/readiness: readiness() takes a gate, got ${show(gate)}`)
  }
  const hysteresis = new Hysteresis(readOptions('spillway/readiness', table, options))
  let last = gate.stats()
  // After a pause of the loop comes one call for all of it: a single spike is one second of overload, however long.
  const timer = setInterval(() => {
    const now = gate.stats()
    hysteresis.second(now.admitted - last.admitted, now.shed - last.shed)
    last = now
  }, SECOND_MS)
  timer.unref()
  return Object.assign(() => hysteresis.ready, { close: () => clearInterval(timer) })
}

class Hysteresis {
  ready = true
  #settings
  #streak = 0
  #needed

  /** @param {Required<ReadinessOptions>} settings */
  constructor (settings) {
    this.#settings = settings
    this.#needed = jittered(settings.notReadyAfter)
  }

  /**
   * What one second brought.
   *
   * @param {number} admitted
   * @param {number} shed
   */
  second (admitted, shed) {
    const { refusing, notReadyAfter, readyAfter } = this.#settings
    const share = shed > 0 ? shed / (admitted + shed) : 0
    const speaksAgainst = this.ready ? share >= refusing : share < refusing / 2
    this.#streak = speaksAgainst ? this.#streak + 1 : 0
    if (this.#streak < this.#needed) return
    this.ready = !this.ready
    this.#streak = 0
    this.#needed = jittered(this.ready ? notReadyAfter : readyAfter)
  }
}

/**
 * One to two times as long: a fleet that is overloaded as one is not to leave, nor to come back, as one.
 *
 * @param {number} seconds
 */
function jittered (seconds) {
  return Math.ceil(seconds * (1 + Math.random()))
}
