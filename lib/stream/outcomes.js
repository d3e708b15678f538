'use strict'

const { ErrorPolicy } = require('./error-policy.js')
const { RUNNING } = require('./item.js')

/** @typedef {import('./item.js').Item<any>} Item */

/** What becomes of each item: counts it, judges its error, and gives its result to the outlet. */
class Outcomes {
  completed = 0
  failed = 0
  skipped = 0
  lateErrors = 0
  #policy
  #outlet
  #sink
  #ending
  #onStop
  /** The error to report is known, though perhaps not reported yet. */
  #fatal = false

  /**
   * @param {import('./options.js').Settings} settings
   * @param {import('./outlet.js').Outlet} outlet
   * @param {import('./outlet.js').Sink} sink
   * @param {import('./ending.js').Ending} ending
   * @param {(error: unknown) => void} onStop a failed item is to stop the flow; the outlet has it
   */
  constructor (settings, outlet, sink, ending, onStop) {
    this.#policy = new ErrorPolicy(settings.onError, settings.maxErrors)
    this.#outlet = outlet
    this.#sink = sink
    this.#ending = ending
    this.#onStop = onStop
  }

  /**
   * The handler settled. An item that ran out of time has its outcome already.
   *
   * @param {Item} item
   * @param {unknown} result
   * @param {boolean} admitted false leaves the result out
   */
  succeed (item, result, admitted) {
    if (item.state !== RUNNING) return
    this.completed++
    if (this.#ending.over) return
    if (admitted) this.#outlet.succeed(item, result)
    else this.#skip(item)
  }

  /**
   * The handler failed, or its time is up, whichever comes first.
   *
   * @param {Item} item
   * @param {unknown} error
   */
  fail (item, error) {
    if (item.state !== RUNNING) return
    this.failed++
    if (this.#ending.over) {
      this.lateErrors++
      return
    }
    try {
      const verdict = this.#policy.judge(error, item)
      if (this.#ending.over) return // the user's onError may have ended it
      if (verdict === 'stop') this.#stop(item, error)
      else if (verdict !== 'skip' && this.#sink.admits(verdict.value)) this.#outlet.succeed(item, verdict.value)
      else this.#skip(item)
    } catch (errorOfVerdict) {
      this.#stop(item, errorOfVerdict)
    }
  }

  /** An error that ends the flow, of an item or of the source: the first is reported, the others are counted. */
  noteFatal () {
    if (this.#fatal) this.lateErrors++
    this.#fatal = true
  }

  /** @returns {AggregateError | undefined} the errors to report at the end */
  collected () {
    return this.#policy.collected()
  }

  /** @param {Item} item */
  #skip (item) {
    this.skipped++
    this.#outlet.skip(item)
  }

  /**
   * @param {Item} item
   * @param {unknown} error
   */
  #stop (item, error) {
    this.noteFatal()
    this.#outlet.fail(item, error)
    this.#onStop(error)
  }
}

module.exports = { Outcomes }
