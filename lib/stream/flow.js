'use strict'

const { AsyncResource } = require('node:async_hooks')

const { byteSize, checkedSize } = require('./byte-size.js')
const { Ending } = require('./ending.js')
const { Intake } = require('./intake.js')
const { Item } = require('./item.js')
const { ItemSignals } = require('./item-signals.js')
const { Outcomes } = require('./outcomes.js')
const { Outlet } = require('./outlet.js')
const { Release } = require('./release.js')
const { Slots } = require('./slots.js')
const { StallWatch } = require('./stall.js')
const { isThenable } = require('./thenable.js')
const { Turn } = require('./turn.js')
const { WaitClock } = require('./wait-clock.js')

/**
 * @template T
 * @template [R=unknown]
 * @callback Handler
 * @param {T} item
 * @param {{ signal: AbortSignal, index: number }} context
 * @returns {R | PromiseLike<R>}
 */

/**
 * Takes items in while there is a free slot and room for the result, runs the handler on each, and delivers the results
 * to a sink: the one core of the three faces.
 *
 * @template T
 */
class Flow {
  #handler
  #settings
  #sink
  #maxBytes
  #highWaterMark
  #intake
  #slots
  #outlet
  #outcomes
  #ending
  /** @type {ItemSignals | undefined} */
  #itemSignals
  /** @type {StallWatch | undefined} */
  #stall
  #release = new Release()
  #turn = new Turn(() => this.advance())
  #waits = new WaitClock()
  #callerContext = new AsyncResource('spillway.stream')
  #started = 0
  #starting = false
  #advancing = false
  #advanceAgain = false
  #failed = false
  /** @type {{ error: unknown } | undefined} reported when what was running has been delivered */
  #sourceError

  /**
   * @param {import('./source/index.js').OpenSource<T>} source
   * @param {Handler<T>} handler
   * @param {import('./options.js').Settings} settings
   * @param {import('./outlet.js').Sink} sink
   */
  constructor (source, handler, settings, sink) {
    const { maxBytes, sizeOf, signal, timeout, stallTimeout, onStall } = settings
    this.#handler = handler
    this.#settings = settings
    this.#sink = sink
    this.#maxBytes = maxBytes ?? Infinity
    this.#highWaterMark = settings.highWaterMark
    this.#slots = slotsFor(settings.concurrency)
    this.#ending = new Ending(signal, reason => this.fail(reason))
    if (timeout !== undefined) this.#itemSignals = new ItemSignals(timeout, (item, error) => this.#timedOut(item, error))
    if (stallTimeout !== undefined && onStall !== undefined) {
      this.#stall = new StallWatch(stallTimeout, () => this.#stalled(onStall))
    }
    this.#outlet = new Outlet(settings.ordered, sink, this.#stall)
    this.#outcomes = new Outcomes(settings, this.#outlet, sink, this.#ending, error => this.#stop(error))
    this.#intake = new Intake(
      source,
      maxBytes === undefined && sizeOf === undefined ? undefined : checkedSize(sizeOf ?? byteSize),
      () => this.advance(),
      (error, bySource) => bySource ? this.#sourceFailed(error) : this.fail(error)
    )
    this.#ending.listen()
  }

  start () {
    this.#starting = true
    this.advance()
  }

  get concurrency () {
    return this.#slots.limit
  }

  set concurrency (limit) {
    this.#slots.fix(limit)
    this.advance()
  }

  /** @returns {Promise<void>} resolved when the flow is over, no handler is running, and the source is released */
  get idle () {
    return this.#settling().then(() => this.#release.wait())
  }

  /** @returns {import('./job.js').Stats} */
  stats () {
    const { completed, failed, skipped, lateErrors } = this.#outcomes
    return {
      pulled: this.#intake.pulled,
      concurrency: this.#slots.limit,
      inFlight: this.#slots.inFlight,
      buffered: this.#outlet.buffered,
      bytes: this.#outlet.bytes,
      completed,
      failed,
      skipped,
      lateErrors: lateErrors + this.#release.untold,
      peakInFlight: this.#slots.peak,
      peakBuffered: this.#outlet.peakBuffered,
      ...this.#waits.totals()
    }
  }

  /** Starts what there is room for. To be called when there may be more room, or more items, than before. */
  advance () {
    if (!this.#starting || this.#ending.over) return
    this.#advanceAgain = true
    if (this.#advancing) return
    this.#advancing = true
    try {
      while (this.#advanceAgain) {
        this.#advanceAgain = false
        this.#deliver()
        if (this.#mayStart()) this.#callerContext.runInAsyncScope(this.#startWork, this)
      }
    } finally {
      this.#advancing = false
    }
    this.#rest()
  }

  /**
   * Ends the flow because nobody wants its results any more.
   *
   * @param {unknown} reason
   * @returns {boolean} whether the source is released soon: it was not waiting for an item of its own
   */
  close (reason) {
    if (this.#ending.over) return false
    const { waiting } = this.#intake
    this.#shutDown(reason)
    this.#ending.abort(reason)
    this.#itemSignals?.abort(reason)
    return !waiting
  }

  /**
   * For those who leave.
   *
   * @returns {Promise<void>} resolved when the source is released, or rejected with the error of this, unless somebody was
   *   told or the flow has another
   */
  async released () {
    await this.#release.wait()
    if (!this.#failed) this.#release.tell()
  }

  /** @param {unknown} error */
  fail (error) {
    if (this.#ending.over) return
    this.#failed = true
    this.close(error)
    if (this.#settings.waitForInFlight) this.#settling().then(() => this.#sink.fail(error))
    else this.#sink.fail(error)
  }

  // Running. Every item comes this way, so what is not needed for each is asked for first.

  /**
   * Runs handlers one after the other, for as long as there is something to start; when it is called, there is. At most
   * as many of these run as there are slots. A loop that awaits makes no promise for each item, as a `then` would.
   */
  async #work () {
    do {
      const { rejection } = this.#intake
      const item = this.#begin()
      const began = this.#slots.take()
      const signal = this.#itemSignals === undefined ? this.#ending.signal : this.#itemSignals.start(item)
      try {
        if (rejection !== undefined) throw rejection.error
        let result = (0, this.#handler)(item.value, { signal, index: item.index })
        if (isThenable(result)) {
          if (this.#slots.free) this.advance()
          result = await result
        }
        const admitted = this.#sink.admits(result) // may throw: then it is the handler that failed
        this.#slots.give(began, true)
        if (this.#itemSignals !== undefined || this.#ending.over) this.#settled(item)
        this.#outcomes.succeed(item, result, admitted)
      } catch (error) {
        this.#slots.give(began, false)
        this.#settled(item)
        this.#outcomes.fail(item, error)
      }
      if (this.#outlet.buffered > 0) this.#deliver()
    } while (this.#mayStart())
    this.#rest()
  }

  #startWork () {
    do this.#work()
    while (this.#mayStart())
  }

  #begin () {
    const item = new Item(this.#intake.take(), this.#started++, this.#intake.bytes)
    this.#outlet.add(item)
    return item
  }

  /** @param {Item<T>} item */
  #settled (item) {
    this.#itemSignals?.stop(item)
    this.#ending.settled(this.#slots.inFlight)
  }

  #mayStart () {
    return this.#hasRoom() && this.#intake.fetch() && (this.#maxBytes === Infinity || this.#fits()) && this.#turn.take()
  }

  #hasRoom () {
    const { limit, inFlight } = this.#slots
    return inFlight < limit && this.#outlet.size < limit + (this.#highWaterMark ?? limit)
  }

  #fits () {
    return this.#outlet.size === 0 || this.#outlet.bytes + this.#intake.bytes <= this.#maxBytes
  }

  #deliver () {
    const failed = this.#outlet.deliver()
    if (failed !== undefined) this.fail(failed.value)
  }

  // What does not go as it should

  /**
   * The item has its outcome, and is no longer running, before its handler settles.
   *
   * @param {Item<T>} item
   * @param {unknown} error
   */
  #timedOut (item, error) {
    if (this.#ending.over) return
    this.#outcomes.fail(item, error)
    this.advance()
  }

  /** @param {unknown} error of an item, which the outlet has */
  #stop (error) {
    if (this.#settings.errorOrder === 'inOrder') {
      this.#letGo(error)
    } else {
      this.fail(this.#sourceError === undefined ? error : this.#sourceError.error)
    }
  }

  /** @param {unknown} error */
  #sourceFailed (error) {
    this.#outcomes.noteFatal()
    this.#sourceError = { error }
    this.#letGo(error)
    this.advance()
  }

  /** @param {(stats: import('./job.js').Stats) => void} onStall */
  #stalled (onStall) {
    try {
      onStall(this.stats())
    } catch (error) {
      this.fail(error)
    }
  }

  // Resting until something changes, or for good

  #rest () {
    if (this.#ending.over) return
    if (this.#intake.ended && this.#intake.isEmpty && this.#outlet.size === 0) return this.#complete()
    const waited = this.#waited()
    this.#waits.waitFor(waited)
    this.#stall?.waiting(waited === 'consumer')
  }

  /** @returns {import('./wait-clock.js').Waited} */
  #waited () {
    if (this.#intake.waiting) return 'source'
    if (this.#slots.free && this.#outlet.blocked) return 'consumer'
    return 'handlers'
  }

  #complete () {
    if (this.#sourceError !== undefined) return this.fail(this.#sourceError.error)
    const collected = this.#outcomes.collected()
    if (collected !== undefined) return this.fail(collected)
    this.#shutDown()
    this.#sink.end(this.stats())
  }

  /** @param {unknown} [reason] */
  #shutDown (reason) {
    this.#ending.end()
    this.#letGo(reason)
    this.#outlet.clear()
    this.#slots.close()
    this.#stall?.close()
    this.#waits.waitFor(undefined)
    this.#ending.settled(this.#slots.inFlight)
  }

  /** @param {unknown} reason */
  #letGo (reason) {
    this.#intake.close(this.#settings.destroySource, reason)
    this.#release.follow(this.#intake.released)
  }

  /** @returns {Promise<void>} resolved when the flow is over and no handler is running */
  #settling () {
    return this.#ending.idle(this.#slots.inFlight)
  }
}

/** @param {number | 'auto'} concurrency */
function slotsFor (concurrency) {
  if (concurrency !== 'auto') return new Slots(concurrency)
  const { AutoSlots } = require('./auto-slots.js') // not before: a fixed number needs no addon
  return new AutoSlots()
}

module.exports = { Flow }
