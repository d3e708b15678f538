'use strict'

const { AsyncResource } = require('node:async_hooks')

const { byteSize, checkedSize } = require('./byte-size.js')
const { defer } = require('./deferred.js')
const { ErrorPolicy } = require('./error-policy.js')
const { Intake } = require('./intake.js')
const { Item, RUNNING, READY, SKIPPED, FAILED } = require('./item.js')
const { ItemSignals } = require('./item-signals.js')
const { Outbox } = require('./outbox.js')
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
 * What a flow needs of the one who takes its results. Once `end` or `fail` was called, nothing else is.
 *
 * @typedef {object} Sink
 * @property {() => boolean} wants whether a result would be taken now
 * @property {(result: any) => boolean} admits false leaves the result out; an exception makes its item a failed one
 * @property {(result: any) => void} deliver
 * @property {() => void} end
 * @property {(error: unknown) => void} fail
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
  #intake
  #slots
  #outbox
  #errors
  /** @type {ItemSignals | undefined} */
  #itemSignals
  /** @type {StallWatch | undefined} */
  #stall
  #turn = new Turn(() => this.advance())
  #waits = new WaitClock()
  #controller = new AbortController()
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
   * @param {Sink} sink
   */
  constructor (source, handler, settings, sink) {
    const { maxBytes, sizeOf, signal, timeout, stallTimeout, onStall } = settings
    this.#handler = handler
    this.#settings = settings
    this.#sink = sink
    this.#slots = new Slots(settings.concurrency)
    this.#outbox = new Outbox(settings.ordered)
    this.#errors = new ErrorPolicy(settings.onError, settings.maxErrors)
    if (timeout !== undefined) this.#itemSignals = new ItemSignals(timeout, (item, error) => this.#timedOut(item, error))
    if (stallTimeout !== undefined && onStall !== undefined) {
      this.#stall = new StallWatch(stallTimeout, () => this.#stalled(onStall))
    }
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
      buffered: this.#outbox.buffered,
      bytes: this.#outbox.bytes,
      completed,
      failed,
      skipped,
      lateErrors,
      peakInFlight: this.#slots.peak,
      peakBuffered: this.#outbox.peakBuffered,
      ...this.#waits.totals()
    }
  }

  /** Delivers what is ready and starts what there is room for. To be called whenever either may have changed. */
  advance () {
    if (!this.#started || this.#over) return
    this.#advanceAgain = true
    if (this.#advancing) return
    this.#advancing = true
    try {
      while (this.#advanceAgain) {
        this.#advanceAgain = false
        do this.#deliver(); while (this.#startNext())
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

  // Starting

  /** @returns {boolean} whether an item was started */
  #startNext () {
    if (!this.#hasRoom() || !this.#turn.open()) return false
    if (!this.#intake.fetch() || !this.#fits(this.#intake.bytes)) return false
    this.#run(new Item(this.#intake.take(), this.#counts.started++, this.#intake.bytes))
    return true
  }

  #hasRoom () {
    const { limit } = this.#slots
    return this.#slots.free && this.#outbox.size < limit + (this.#settings.highWaterMark ?? limit)
  }

  /** @param {number} bytes */
  #fits (bytes) {
    const { maxBytes } = this.#settings
    return maxBytes === undefined || this.#outbox.size === 0 || this.#outbox.bytes + bytes <= maxBytes
  }

  /** @param {Item<T>} item */
  #run (item) {
    this.#slots.take()
    this.#outbox.add(item)
    const signal = this.#itemSignals === undefined ? this.#controller.signal : this.#itemSignals.start(item)
    const context = { signal, index: item.index }
    let result
    let isPromise
    try {
      result = this.#callerContext.runInAsyncScope(this.#handler, undefined, item.input, context)
      isPromise = isThenable(result)
    } catch (error) {
      return this.#handlerFailed(item, error)
    }
    if (isPromise) this.#settleLater(item, result)
    else this.#handlerSucceeded(item, result)
  }

  /**
   * @param {Item<T>} item
   * @param {unknown} promise
   */
  async #settleLater (item, promise) {
    let result
    try {
      result = await promise
    } catch (error) {
      this.#handlerFailed(item, error)
      return this.advance()
    }
    this.#handlerSucceeded(item, result)
    this.advance()
  }

  // Outcomes. An item that ran out of time has its outcome, and is no longer running, before its handler settles.

  /**
   * @param {Item<T>} item
   * @param {unknown} result
   */
  #handlerSucceeded (item, result) {
    let admitted
    try {
      admitted = this.#sink.admits(result)
    } catch (error) {
      return this.#handlerFailed(item, error)
    }
    this.#handlerSettled(item)
    if (item.state !== RUNNING) return
    this.#counts.completed++
    if (this.#over) return
    if (admitted) this.#outbox.settle(item, READY, result)
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
    this.#turn.count()
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
      else if (verdict !== 'skip' && this.#sink.admits(verdict.value)) this.#outbox.settle(item, READY, verdict.value)
      else this.#skip(item)
    } catch (errorOfVerdict) {
      this.#stop(item, errorOfVerdict)
    }
  }

  /** @param {Item<T>} item */
  #skip (item) {
    this.#counts.skipped++
    this.#outbox.settle(item, SKIPPED, undefined)
  }

  /**
   * @param {Item<T>} item
   * @param {unknown} error
   */
  #stop (item, error) {
    this.#noteFatal()
    if (this.#settings.errorOrder === 'inOrder') {
      this.#outbox.settle(item, FAILED, error)
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

  // Delivering

  #deliver () {
    for (let item = this.#outbox.ready(); item !== undefined; item = this.#outbox.ready()) {
      if (item.state === FAILED) return this.fail(item.outcome)
      if (item.state === READY && !this.#sink.wants()) return
      this.#outbox.shift()
      if (item.state === SKIPPED) continue
      this.#stall?.delivered()
      this.#sink.deliver(item.outcome)
    }
    if (!this.#over && this.#intake.ended && this.#intake.isEmpty && this.#outbox.size === 0) this.#complete()
  }

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
    this.#outbox.clear()
    this.#turn.close()
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
    this.#outbox.notePeak()
    const waited = this.#waited()
    this.#waits.waitFor(waited)
    this.#stall?.waiting(waited === 'consumer')
  }

  /** @returns {import('./wait-clock.js').Waited} */
  #waited () {
    if (this.#intake.waiting) return 'source'
    if (this.#slots.free && this.#outbox.ready() !== undefined) return 'consumer'
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
