'use strict'

const { setImmediate: nextTurn } = require('node:timers/promises')

const { Item, JUDGED, NO_SLOT, RUNNING } = require('./item.js')
const { asIterable } = require('./parts.js')
const { isThenable } = require('./thenable.js')
const { TurnBudget } = require('./turn-budget.js')
const { Workers } = require('./workers.js')

/**
 * Runs the handlers on as many items as there are slots, while there is room for their results. This code runs for every
 * item, so it first checks whether an optional feature is used at all.
 *
 * @template T
 */
class Runner {
  #intake
  #handlers
  #slots
  #deliveries
  #outcomes
  #termination
  #events
  #flattens
  #maxBytes
  #mustStart
  #highWaterMark
  #turnBudget = new TurnBudget(() => this.advance())
  #workers = new Workers()
  #startWork = () => this.#startAll()
  #started = 0
  #starting = false
  #advancing = false
  #advanceAgain = false

  /**
   * @param {{
   *   intake: import('./intake.js').Intake<T>,
   *   handlers: import('./handlers.js').Handlers,
   *   slots: import('./slots.js').Slots,
   *   deliveries: import('./delivery-queue.js').DeliveryQueue,
   *   outcomes: import('./outcomes.js').Outcomes,
   *   termination: import('./termination.js').Termination
   * }} collaborators
   * @param {import('./options.js').Settings} settings
   * @param {{ onBlocked: () => void, onFailed: (error: unknown) => void }} events `onBlocked` is called when nothing more
   *   can start for now, and `onFailed` when the next item to deliver has failed
   */
  constructor ({ intake, handlers, slots, deliveries, outcomes, termination }, { flatten, maxBytes, highWaterMark, destroySource }, events) {
    this.#intake = intake
    this.#handlers = handlers
    this.#slots = slots
    this.#deliveries = deliveries
    this.#outcomes = outcomes
    this.#termination = termination
    this.#events = events
    this.#flattens = flatten === true
    this.#maxBytes = maxBytes ?? Infinity
    // If the source outlives the job and takes nothing back, an item that does not start would be lost.
    this.#mustStart = !destroySource && !intake.givesBack
    this.#highWaterMark = highWaterMark
  }

  get hasStarted () {
    return this.#starting
  }

  /** The number of items that have started. */
  get started () {
    return this.#started
  }

  /** The items that run, and perhaps some that have just settled. */
  get items () {
    return this.#workers.items
  }

  /** For a consumer that keeps all results anyway. Must be called before `start()`. */
  liftHighWaterMark () {
    this.#highWaterMark ??= Infinity
  }

  start () {
    this.#starting = true
    this.advance()
  }

  /** Starts as many items as there is room for. Must be called when there may be more room, or more items, than before. */
  advance () {
    if (!this.#starting || this.#termination.finished) return
    this.#advanceAgain = true
    if (this.#advancing) return
    this.#advancing = true
    try {
      while (this.#advanceAgain) {
        this.#advanceAgain = false
        if (this.#deliveries.settled > 0) this.#deliver()
        if (this.#mayStart()) this.#handlers.enter(this.#startWork)
      }
    } finally {
      this.#advancing = false
    }
    this.#events.onBlocked()
  }

  /**
   * Runs handlers one after the other, as long as an item can start. The caller has checked that one can. There are
   * never more of these loops than slots. A loop with `await` needs no promise for each item, unlike `then()`.
   */
  async #work () {
    const worker = this.#workers.enter()
    do {
      const { origin } = this.#intake
      const item = worker.item = this.#begin()
      let succeeded = false
      try {
        let result = this.#handlers.call(item, origin)
        if (this.#flattens || isThenable(result)) {
          if (this.#slots.free) this.advance()
          result = await result
        }
        if (this.#flattens) {
          await this.takeParts(item, asIterable(result))
          this.#outcomes.finish(item)
        } else {
          this.#outcomes.succeed(item, result)
        }
        succeeded = true
      } catch (error) {
        this.#outcomes.fail(item, error)
      }
      if (item.state === JUDGED) {
        if (this.#slots.free) this.advance()
        await item.value
      }
      this.settled(item, succeeded)
      if (this.#deliveries.settled > 0) this.#deliver()
    } while (this.#mayStart())
    this.#workers.leave(worker)
    this.#events.onBlocked()
  }

  #startAll () {
    do this.#work()
    while (this.#mayStart())
  }

  #begin () {
    const { bytes } = this.#intake
    const item = new Item(this.#intake.take(), this.#started++, bytes)
    this.#turnBudget.countStart()
    this.#deliveries.add(item)
    item.began = this.#slots.take()
    return item
  }

  /**
   * With `flatten`: passes the results of an item to the delivery queue, as room becomes available.
   *
   * @param {Item<any>} item
   * @param {AsyncIterable<unknown> | Iterable<unknown>} results
   */
  async takeParts (item, results) {
    for await (const result of results) {
      if (!this.#wants(item)) return
      const parts = this.#outcomes.addPart(item, result)
      this.#deliver()
      while (this.#wants(item) && this.#isFull(parts)) await parts?.taken()
      this.#turnBudget.countStart()
      if (!this.#turnBudget.allowsStart) await nextTurn()
      if (!this.#wants(item)) return
    }
  }

  /** @param {import('./parts.js').Parts | undefined} parts */
  #isFull (parts) {
    return parts !== undefined && parts.untaken >= Math.max(1, this.#highWaterMark ?? this.#slots.limit)
  }

  /** @param {Item<any>} item */
  #wants (item) {
    return item.state === RUNNING && !this.#termination.finished
  }

  /**
   * Must be called when the handler has settled, and `onError` too, if it was called.
   *
   * @param {Item<T>} item
   * @param {boolean} succeeded
   */
  settled (item, succeeded) {
    if (item.began === NO_SLOT) this.#slots.slotless--
    else this.#slots.give(item.began, succeeded)
    this.#handlers.settled(item)
    if (this.#termination.finished) this.#termination.settled(this.#slots.running)
  }

  /** @param {Item<T>} item that failed before its handler settled */
  freeSlot (item) {
    this.#slots.give(item.began, false)
    this.#slots.slotless++
    item.began = NO_SLOT
  }

  #mayStart () {
    return this.#hasRoom() && this.#turnBudget.allowsStart && (this.#maxBytes === Infinity ? this.#intake.fetch() : this.#fetchWithinBytes())
  }

  #hasRoom () {
    const { limit, inFlight } = this.#slots
    return inFlight < limit && this.#deliveries.untaken < limit + (this.#highWaterMark ?? limit)
  }

  #fetchWithinBytes () {
    if (this.#mustStart) return this.#deliveries.bytes < this.#maxBytes && this.#intake.fetch()
    if (!this.#intake.fetch()) return false
    return this.#deliveries.untaken === 0 || this.#deliveries.bytes + this.#intake.bytes <= this.#maxBytes
  }

  #deliver () {
    const failed = this.#deliveries.deliver()
    if (failed !== undefined) this.#events.onFailed(failed.value)
  }
}

module.exports = { Runner }
