'use strict'

const { ErrorPolicy } = require('./error-policy.js')
const { JUDGED, RUNNING } = require('./item.js')
const { skip } = require('./skip.js')
const { isThenable } = require('./thenable.js')

/** @typedef {import('./item.js').Item<any>} Item */

/** What becomes of each item: counts it, judges its error, and gives its result to the deliveries. */
class Outcomes {
  completed = 0
  failed = 0
  skipped = 0
  lateErrors = 0
  #settle
  #policy
  #deliveries
  #sink
  #termination
  #onStop
  /** The error to report is known, though perhaps not reported yet. */
  #fatal = false

  /**
   * @param {import('./options.js').Settings} settings
   * @param {import('./delivery-queue.js').DeliveryQueue} deliveries
   * @param {import('./delivery-queue.js').Sink} sink
   * @param {import('./termination.js').Termination} termination
   * @param {(error: unknown) => void} onStop a failed item is to stop the flow; the deliveries has it
   */
  constructor (settings, deliveries, sink, termination, onStop) {
    this.#settle = settings.onError === 'settle'
    this.#policy = new ErrorPolicy(settings.onError, settings.maxErrors)
    this.#deliveries = deliveries
    this.#sink = sink
    this.#termination = termination
    this.#onStop = onStop
  }

  /**
   * The handler has answered. What the sink throws at its result is the handler's error, for `fail`.
   *
   * @param {Item} item
   * @param {unknown} value
   */
  succeed (item, value) {
    if (item.state !== RUNNING) return // it ran out of time, or nobody wants it
    const result = this.#resultOf(item, value)
    const isWanted = value !== skip && this.#sink.accepts(result)
    this.completed++
    if (this.#termination.finished) return
    if (isWanted) this.#deliveries.succeed(item, result)
    else this.#skip(item)
  }

  /**
   * One of the several results of an item, which runs on.
   *
   * @param {Item} item
   * @param {unknown} value
   * @returns {import('./parts.js').Parts | undefined} all of them, where this one is wanted
   */
  addPart (item, value) {
    const result = this.#resultOf(item, value)
    if (value !== skip && this.#sink.accepts(result)) return this.#deliveries.addPart(item, result)
  }

  /** @param {Item} item whose results were all given to `addPart` */
  finish (item) {
    if (item.state !== RUNNING) return
    this.completed++
    if (!this.#termination.finished) this.#deliveries.skip(item)
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
    if (this.#termination.finished) {
      this.lateErrors++
      return
    }
    try {
      const verdict = this.#policy.judge(error, item)
      if (isThenable(verdict)) {
        item.state = JUDGED
        item.value = this.#await(item, error, verdict)
      } else {
        this.#apply(item, error, verdict)
      }
    } catch (errorOfVerdict) {
      this.#stop(item, errorOfVerdict)
    }
  }

  /** An error that ends the flow, of an item or of the source: the first is reported, the others are counted. */
  noteFatal () {
    if (this.#fatal) this.lateErrors++
    this.#fatal = true
  }

  /**
   * @param {{ error: unknown } | undefined} ofSource
   * @returns {{ error: unknown } | undefined} the error to report at the end
   */
  report (ofSource) {
    return this.#policy.report(ofSource)
  }

  /**
   * @param {Item} item
   * @param {unknown} value
   */
  #resultOf (item, value) {
    return this.#settle ? { status: 'fulfilled', value, index: item.index } : value
  }

  /**
   * @param {Item} item
   * @param {unknown} error
   * @param {PromiseLike<import('./error-policy.js').Verdict<any>>} pending
   */
  async #await (item, error, pending) {
    try {
      const verdict = await pending
      if (item.state === JUDGED) this.#apply(item, error, verdict)
    } catch (errorOfVerdict) {
      if (item.state !== JUDGED || this.#termination.finished) this.lateErrors++
      else this.#stop(item, errorOfVerdict)
    }
  }

  /**
   * @param {Item} item
   * @param {unknown} error
   * @param {import('./error-policy.js').Verdict<any>} verdict
   */
  #apply (item, error, verdict) {
    if (this.#termination.finished) return // the user's onError may have ended it
    if (verdict === 'stop') this.#stop(item, error)
    else if (verdict !== 'skip' && verdict.value !== skip && this.#sink.accepts(verdict.value)) this.#deliveries.succeed(item, verdict.value)
    else this.#skip(item)
  }

  /** @param {Item} item */
  #skip (item) {
    this.skipped++
    this.#deliveries.skip(item)
  }

  /**
   * @param {Item} item
   * @param {unknown} error
   */
  #stop (item, error) {
    this.noteFatal()
    this.#deliveries.fail(item, error)
    this.#onStop(error)
  }
}

module.exports = { Outcomes }
