'use strict'

/**
 * Notes requests in memory that the native controller reads at the end of each turn of the event loop, so that neither
 * the admission nor the end of a request needs a call of native code. src/binding/request_log.h has the same layout.
 */

const OPEN = 0
const TURN_BEGAN = 1
const COUNT = 2
const FIRST = 3
const CLASSES = 256
/** Stands for the start of a request that begins. */
const BEGINS = 0

class RequestLog {
  #memory
  #drain
  #capacity

  /**
   * @param {Float64Array} memory shared with the native controller
   * @param {() => void} drain empties it
   */
  constructor (memory, drain) {
    this.#memory = memory
    this.#drain = drain
    this.#capacity = (memory.length - FIRST) / 2
  }

  /** Whether the controller would admit any request that has not waited. */
  get isOpen () {
    return this.#memory[OPEN] === 1
  }

  /**
   * Admits a request. Only while the log is open.
   *
   * @param {number} classId
   * @returns {number} the time of admission, ns
   */
  begin (classId) {
    this.#add(classId, BEGINS)
    return this.#memory[TURN_BEGAN]
  }

  /**
   * Only while the log is open.
   *
   * @param {number} classId
   * @param {number} admittedAt
   * @param {number} outcome
   */
  end (classId, admittedAt, outcome) {
    this.#add(classId + CLASSES * outcome, admittedAt)
  }

  /** @param {number} code @param {number} start */
  #add (code, start) {
    const memory = this.#memory
    if (memory[COUNT] === this.#capacity) this.#drain()
    const at = FIRST + 2 * memory[COUNT]++
    memory[at] = code
    memory[at + 1] = start
  }
}

module.exports = { RequestLog }
