'use strict'

const { AsyncResource } = require('node:async_hooks')

const { byteSize, checkedSize } = require('./byte-size.js')
const { defer } = require('./deferred.js')
const { ErrorPolicy } = require('./error-policy.js')
const { Intake } = require('./intake.js')
const { Item, RUNNING } = require('./item.js')
const { ItemSignals } = require('./item-signals.js')
const { Outlet } = require('./outlet.js')
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
  #errors
  /** @type {ItemSignals | undefined} */
  #itemSignals
  /** @type {StallWatch | undefined} */
  #stall
  #turn = new Turn(() => this.advance())
  #waits = new WaitClock()
  #controller = new AbortController()
  #signal = this.#controller.signal
  #callerContext = new AsyncResource('spillway.stream')
  #counts = { started: 0, completed: 0, failed: 0, skipped: 0, lateErrors: 0 }
  #started = false
  #advancing = false
  #advanceAgain = false
  /** The error to report is known, though perhaps not reported yet. */
  #failing = false
  /** @type {{ error: unknown } | undefined} reported when what was running has been delivered */
  #sourceError
  #over = false
  /** @type {import('./deferred.js').Deferred<void> | undefined} */
  #idle

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
    this.#slots = new Slots(settings.concurrency)
    this.#errors = new ErrorPolicy(settings.onError, settings.maxErrors)
    if (timeout !== undefined) this.#itemSignals = new ItemSignals(timeout, (item, error) => this.#timedOut(item, error))
    if (stallTimeout !== undefined && onStall !== undefined) {
      this.#stall = new StallWatch(stallTimeout, () => this.#stalled(onStall))
    }
    this.#outlet = new Outlet(settings.ordered, sink, this.#stall)
    this.#intake = new Intake(
      source,
      maxBytes === undefined && sizeOf === undefined ? undefined : checkedSize(sizeOf ?? byteSize),
      () => this.advance(),
      (error, bySource) => bySource ? this.#sourceFailed(error) : this.fail(error)
    )
    if (signal?.aborted) this.fail(signal.reason)
    else signal?.addEventListener('abort', this.#onAbort)
  }

  start () {
    this.#started = true
    this.advance()
  }

  get concurrency () {
    return this.#slots.limit
  }

  set concurrency (limit) {
    this.#slots.limit = limit
    this.advance()
  }

  /** @returns {Promise<void>} resolved when the flow is over and no handler is running */
  get idle () {
    if (this.#idle === undefined) {
      this.#idle = defer()
      this.#checkIdle()
    }
    return this.#idle.promise
  }

  /** @returns {import('./job.js').Stats} */
  stats () {
    const { completed, failed, skipped, lateErrors } = this.#counts
    return {
      pulled: this.#intake.pulled,
      inFlight: this.#slots.inFlight,
      buffered: this.#outlet.buffered,
      bytes: this.#outlet.bytes,
      completed,
      failed,
      skipped,
      lateErrors,
      peakInFlight: this.#slots.peak,
      peakBuffered: this.#outlet.peakBuffered,
      ...this.#waits.totals()
    }
  }

  /** Starts what there is room for. To be called when there may be more room, or more items, than before. */
  advance () {
    if (!this.#started || this.#over) return
    this.#advanceAgain = true
    if (this.#advancing) return
    this.#advancing = true
    try {
      while (this.#advanceAgain) {
        this.#advanceAgain = false
        this.#deliver()
        while (this.#mayStart()) this.#callerContext.runInAsyncScope(this.#work, this)
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
   */
  close (reason) {
    if (this.#over) return
    this.#shutDown()
    this.#controller.abort(reason)
    this.#itemSignals?.abort(reason)
  }

  /** @param {unknown} error */
  fail (error) {
    if (this.#over) return
    this.close(error)
    if (this.#settings.waitForInFlight) this.idle.then(() => this.#sink.fail(error))
    else this.#sink.fail(error)
  }

  // Running

  /**
   * Runs handlers one after the other, for as long as there is something to start; when it is called, there is. At most
   * as many of these run as there are slots. A loop that awaits makes no promise for each item, as a `then` would.
   */
  async #work () {
    do {
      const item = this.#begin()
      const context = { signal: this.#itemSignals?.start(item) ?? this.#signal, index: item.index }
      try {
        let result = (0, this.#handler)(item.input, context)
        if (isThenable(result)) {
          if (this.#slots.free) this.advance()
          result = await result
        }
        this.#handlerSucceeded(item, result)
      } catch (error) {
        this.#handlerFailed(item, error)
      }
      this.#deliver()
    } while (this.#mayStart())
    this.#rest()
  }

  #begin () {
    const item = new Item(this.#intake.take(), this.#counts.started++, this.#intake.bytes)
    this.#slots.take()
    this.#outlet.add(item)
    return item
  }

  #mayStart () {
    return this.#hasRoom() && this.#intake.fetch() && this.#fits() && this.#turn.take()
  }

  #hasRoom () {
    const { limit } = this.#slots
    return this.#slots.free && this.#outlet.size < limit + (this.#highWaterMark ?? limit)
  }

  #fits () {
    return this.#outlet.bytes + this.#intake.bytes <= this.#maxBytes || this.#outlet.size === 0
  }

  // Outcomes. An item that ran out of time has its outcome, and is no longer running, before its handler settles.

  /**
   * @param {Item<T>} item
   * @param {unknown} result
   */
  #handlerSucceeded (item, result) {
    const admitted = this.#sink.admits(result) // may throw: then it is the handler that failed
    this.#handlerSettled(item)
    if (item.state !== RUNNING) return
    this.#counts.completed++
    if (this.#over) return
    if (admitted) this.#outlet.succeed(item, result)
    else this.#skip(item)
  }

  /**
   * @param {Item<T>} item
   * @param {unknown} error
   */
  #handlerFailed (item, error) {
    this.#handlerSettled(item)
    if (item.state === RUNNING) this.#itemFailed(item, error)
  }

  /** @param {Item<T>} item */
  #handlerSettled (item) {
    this.#slots.give()
    this.#itemSignals?.stop(item)
    this.#checkIdle()
  }

  /**
   * @param {Item<T>} item
   * @param {unknown} error
   */
  #timedOut (item, error) {
    if (this.#over) return
    this.#itemFailed(item, error)
    this.advance()
  }

  /**
   * @param {Item<T>} item
   * @param {unknown} error
   */
  #itemFailed (item, error) {
    this.#counts.failed++
    if (this.#over) {
      this.#counts.lateErrors++
      return
    }
    try {
      const verdict = this.#errors.judge(error, item)
      if (this.#over) return // the user's onError may have ended it
      if (verdict === 'stop') this.#stop(item, error)
      else if (verdict !== 'skip' && this.#sink.admits(verdict.value)) this.#outlet.succeed(item, verdict.value)
      else this.#skip(item)
    } catch (errorOfVerdict) {
      this.#stop(item, errorOfVerdict)
    }
  }

  /** @param {Item<T>} item */
  #skip (item) {
    this.#counts.skipped++
    this.#outlet.skip(item)
  }

  /**
   * @param {Item<T>} item
   * @param {unknown} error
   */
  #stop (item, error) {
    this.#noteFatal()
    this.#outlet.fail(item, error)
    if (this.#settings.errorOrder === 'inOrder') {
      this.#intake.close(this.#settings.destroySource)
    } else {
      this.fail(this.#sourceError === undefined ? error : this.#sourceError.error)
    }
  }

  /** @param {unknown} error */
  #sourceFailed (error) {
    this.#noteFatal()
    this.#sourceError = { error }
    this.#intake.close(this.#settings.destroySource)
    this.advance()
  }

  #noteFatal () {
    if (this.#failing) this.#counts.lateErrors++
    this.#failing = true
  }

  #deliver () {
    const failed = this.#outlet.deliver()
    if (failed !== undefined) this.fail(failed.outcome)
  }

  // Ends

  #complete () {
    if (this.#sourceError !== undefined) return this.fail(this.#sourceError.error)
    const collected = this.#errors.collected()
    if (collected !== undefined) return this.fail(collected)
    this.#shutDown()
    this.#sink.end()
  }

  #shutDown () {
    this.#over = true
    this.#intake.close(this.#settings.destroySource)
    this.#outlet.clear()
    this.#stall?.close()
    this.#waits.waitFor(undefined)
    this.#settings.signal?.removeEventListener('abort', this.#onAbort)
    this.#checkIdle()
  }

  #onAbort = () => this.fail(this.#settings.signal?.reason)

  #checkIdle () {
    if (this.#over && this.#slots.inFlight === 0) this.#idle?.resolve()
  }

  // Resting until something changes

  #rest () {
    if (this.#over) return
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

  /** @param {(stats: import('./job.js').Stats) => void} onStall */
  #stalled (onStall) {
    try {
      onStall(this.stats())
    } catch (error) {
      this.fail(error)
    }
  }
}

module.exports = { Flow }
