'use strict'

const { ErrorPolicy } = require('./error-policy.js')
const { JUDGED, RUNNING } = require('./item.js')
const { skip } = require('./skip.js')
const { isThenable } = require('./thenable.js')

/** @typedef {import('./item.js').Item<any>} Item */

/** Decides the outcome of each item, counts it, and hands it to the delivery queue. */
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
  /** The error that ends the job is known, though perhaps not reported yet. */
  #fatal = false

  /**
   * @param {import('./options.js').Settings} settings
   * @param {import('./delivery-queue.js').DeliveryQueue} deliveries
   * @param {import('./delivery-queue.js').Sink} sink
   * @param {import('./termination.js').Termination} termination
   * @param {(error: unknown) => void} onStop called when a failed item must end the flow. The item is then already in the
   *   delivery queue
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
   * Must be called when the handler has succeeded. Throws if the sink rejects the result; the caller then passes that
   * error to `fail()`.
   *
   * @param {Item} item
   * @param {unknown} value
   */
  succeed (item, value) {
    if (item.state !== RUNNING) return // it timed out, or was dropped
    const result = this.#resultOf(item, value)
    const isWanted = value !== skip && this.#sink.accepts(result)
    this.completed++
    if (this.#termination.finished) return
    if (isWanted) this.#deliveries.succeed(item, result)
    else this.#skip(item)
  }

  /**
   * Adds one of the results of an item that still runs, with `flatten`.
   *
   * @param {Item} item
   * @param {unknown} value
   * @returns {import('./parts.js').Parts | undefined} the results of the item, unless this one is left out
   */
  addPart (item, value) {
    const result = this.#resultOf(item, value)
    if (value !== skip && this.#sink.accepts(result)) return this.#deliveries.addPart(item, result)
  }

  /** @param {Item} item all of whose results were passed to `addPart()` */
  finish (item) {
    if (item.state !== RUNNING) return
    this.completed++
    if (!this.#termination.finished) this.#deliveries.skip(item)
  }

  /**
   * Must be called when the handler has failed or the item has timed out. Only the first of the two counts.
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
      const action = this.#policy.judge(error, item)
      if (isThenable(action)) {
        item.state = JUDGED
        item.value = this.#await(item, error, action)
      } else {
        this.#apply(item, error, action)
      }
    } catch (policyError) {
      this.#stop(item, policyError)
    }
  }

  /**
   * Must be called when an error of the source or of an item ends the flow. The first such error is reported; the others
   * are counted.
   */
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
   * @param {PromiseLike<import('./error-policy.js').ErrorAction<any>>} pending
   */
  async #await (item, error, pending) {
    try {
      const action = await pending
      if (item.state === JUDGED) this.#apply(item, error, action)
    } catch (policyError) {
      if (item.state !== JUDGED || this.#termination.finished) this.lateErrors++
      else this.#stop(item, policyError)
    }
  }

  /**
   * @param {Item} item
   * @param {unknown} error
   * @param {import('./error-policy.js').ErrorAction<any>} action
   */
  #apply (item, error, action) {
    if (this.#termination.finished) return // the user's onError may have ended the flow
    if (action === 'stop') this.#stop(item, error)
    else if (action !== 'skip' && action.value !== skip && this.#sink.accepts(action.value)) this.#deliveries.succeed(item, action.value)
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
