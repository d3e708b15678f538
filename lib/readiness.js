'use strict'

const { invalidArgument } = require('./options/errors.js')
const { readOptions } = require('./options/read.js')
const { isNumber } = require('./options/rows.js')

/**
 * @typedef {object} ReadinessOptions
 * @property {number} [refusing] the instance counts as overloaded in each second in which it sheds at least this share of
 *   its requests: above 0, up to 1; default 0.9
 * @property {number} [notReadyAfter] consecutive overloaded seconds after which the instance is not ready; default 10.
 *   The actual number is random, from one to two times this
 * @property {number} [readyAfter] consecutive calm seconds after which the instance is ready again, randomized in the
 *   same way; default 5. A second is calm if the instance shed a share below half of `refusing`, or had no requests
 *
 * @typedef {(() => boolean) & { close: () => void }} Ready returns whether the instance should receive requests.
 *   `close()` stops the sampling; after that, the answer no longer changes
 */

/** @typedef {import('./options/rows.js').OptionRow} OptionRow */

const SECOND_MS = 1000
const LONGEST_S = 3600

/** @type {OptionRow} */
const secondsRow = {
  takes: `a whole number of seconds from 1 to ${LONGEST_S}`,
  hasType: isNumber,
  inRange: (value) => Number.isInteger(value) && value >= 1 && value <= LONGEST_S
}

/** @type {Record<keyof ReadinessOptions, OptionRow>} */
const table = {
  refusing: {
    takes: 'a number above 0, up to 1',
    hasType: isNumber,
    inRange: (value) => value > 0 && value <= 1,
    // An instance that sheds half of its requests still serves as many as it can. If it received no more requests, the
    // other instances would have to serve those too.
    default: 0.9
  },
  notReadyAfter: { ...secondsRow, default: 10 },
  readyAfter: { ...secondsRow, default: 5 }
}

/**
 * Tells a load balancer whether to send requests to this instance. The answer is false once the instance has shed nearly
 * all of its requests for some seconds, and true again once it has been calm for some seconds. The timer does not keep the
 * process alive.
 *
 * @param {Pick<import('./gate/gate.js').GateHandle, 'stats'>} gate
 * @param {ReadinessOptions} [options]
 * @returns {Ready}
 * @throws {TypeError | RangeError} for a wrong argument or option
 */
module.exports = function readiness (gate, options) {
  if (typeof gate?.stats !== 'function') throw invalidArgument('spillway/readiness: readiness()', 'a gate', gate)
  const hysteresis = new Hysteresis(readOptions('spillway/readiness', table, options, 'docs/routing.md'))
  let last = gate.stats()
  // If the event loop was blocked for several seconds, the timer fires only once, so a single long turn counts as one
  // second of overload.
  const timer = setInterval(() => {
    const now = gate.stats()
    hysteresis.addSecond(now.admitted - last.admitted, now.shed - last.shed)
    last = now
  }, SECOND_MS)
  timer.unref()
  return Object.assign(() => hysteresis.ready, { close: () => clearInterval(timer) })
}

class Hysteresis {
  ready = true
  #settings
  /** Consecutive seconds that contradict `ready`. */
  #streak = 0
  #needed

  /** @param {Required<ReadinessOptions>} settings */
  constructor (settings) {
    this.#settings = settings
    this.#needed = jittered(settings.notReadyAfter)
  }

  /**
   * @param {number} admitted requests in that second
   * @param {number} shed
   */
  addSecond (admitted, shed) {
    const { refusing, notReadyAfter, readyAfter } = this.#settings
    const share = shed > 0 ? shed / (admitted + shed) : 0
    const contradicts = this.ready ? share >= refusing : share < refusing / 2
    this.#streak = contradicts ? this.#streak + 1 : 0
    if (this.#streak < this.#needed) return
    this.ready = !this.ready
    this.#streak = 0
    this.#needed = jittered(this.ready ? notReadyAfter : readyAfter)
  }
}

/**
 * Adds jitter, so that the instances of an overloaded fleet do not all become not ready, or ready again, at the same
 * moment.
 *
 * @param {number} seconds
 * @returns {number} a random whole number, from one to two times `seconds`
 */
function jittered (seconds) {
  return Math.ceil(seconds * (1 + Math.random()))
}
