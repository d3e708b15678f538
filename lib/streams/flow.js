'use strict'

const { byteSize, checkedSize } = require('./byte-size.js')
const { Termination } = require('./termination.js')
const { Handlers } = require('./handlers.js')
const { Intake } = require('./intake.js')
const { Item, JUDGED } = require('./item.js')
const { Outcomes } = require('./outcomes.js')
const { DeliveryQueue } = require('./delivery-queue.js')
const { asIterable } = require('./parts.js')
const { SourceRelease } = require('./source-release.js')
const { Runner } = require('./runner.js')
const { Slots } = require('./slots.js')
const { StallWatch } = require('./stall-watch.js')
const { WaitClock } = require('./wait-clock.js')

/**
 * The core that all helpers share. Takes an item from the source whenever a slot is free and there is room for a result,
 * runs the handler on it, and delivers the result to a sink.
 *
 * @template T
 */
class Flow {
  #settings
  #sink
  #flush
  #intake
  #handlers
  #slots
  #deliveries
  #outcomes
  #termination
  #runner
  /** @type {StallWatch | undefined} */
  #stall
  #release = new SourceRelease()
  #waits = new WaitClock()
  #failed = false
  /** @type {Item<any> | undefined} the item that the results of `flush` belong to */
  #last
  /** @type {{ error: unknown } | undefined} reported once the items that had started have been delivered */
  #sourceError

  /**
   * @param {import('./source/index.js').OpenSource<T>} source
   * @param {import('./handler-context.js').Handler<T>} handler
   * @param {import('./options.js').Settings} settings
   * @param {import('./delivery-queue.js').Sink} sink
   */
  constructor (source, handler, settings, sink) {
    const { maxBytes, sizeOf, signal, stallTimeout, onStall } = settings
    this.#settings = settings
    this.#sink = sink
    this.#flush = settings.flush
    this.#slots = slotsFor(settings.concurrency)
    this.#termination = new Termination(signal, reason => this.fail(reason))
    this.#handlers = new Handlers(handler, settings, source.givesContexts === true, this.#termination.signal, {
      onStop: index => this.#stopAfter(index),
      onTimeout: (item, error) => this.#timedOut(item, error)
    })
    if (stallTimeout !== undefined && onStall !== undefined) {
      this.#stall = new StallWatch(stallTimeout, () => this.#stalled(onStall))
    }
    this.#deliveries = new DeliveryQueue(settings.ordered, sink, this.#stall)
    this.#outcomes = new Outcomes(settings, this.#deliveries, sink, this.#termination, error => this.#stop(error))
    this.#intake = new Intake(
      source,
      maxBytes === undefined && sizeOf === undefined ? undefined : checkedSize(sizeOf ?? byteSize),
      () => this.#runner.advance(),
      (error, bySource) => bySource ? this.#sourceFailed(error) : this.fail(error)
    )
    this.#runner = new Runner(
      {
        intake: this.#intake,
        handlers: this.#handlers,
        slots: this.#slots,
        deliveries: this.#deliveries,
        outcomes: this.#outcomes,
        termination: this.#termination
      },
      settings,
      { onBlocked: () => this.#blocked(), onFailed: error => this.fail(error) }
    )
    this.#termination.listen()
  }

  get hasStarted () {
    return this.#runner.hasStarted
  }

  /** For a consumer that keeps all results anyway. Must be called before `start()`. */
  liftHighWaterMark () {
    this.#runner.liftHighWaterMark()
  }

  start () {
    this.#runner.start()
  }

  get concurrency () {
    return this.#slots.limit
  }

  set concurrency (limit) {
    this.#slots.fix(limit)
    this.#runner.advance()
  }

  /** @returns {Promise<void>} resolves when the flow has ended, no handler runs, and the source is released */
  get idle () {
    return this.#settling().then(() => this.#release.wait())
  }

  /** @returns {import('./job.js').Stats} */
  stats () {
    const { completed, failed, skipped, lateErrors } = this.#outcomes
    return {
      pulled: this.#intake.pulled,
      concurrency: this.#slots.limit,
      inFlight: this.#slots.running,
      buffered: this.#deliveries.buffered,
      bytes: this.#deliveries.bytes,
      completed,
      failed,
      skipped: skipped + this.#intake.discarded,
      retries: this.#handlers.retries,
      lateErrors: lateErrors + this.#release.unreported,
      peakInFlight: this.#slots.peak,
      peakBuffered: this.#deliveries.peakBuffered,
      ...this.#waits.totals()
    }
  }

  /** Must be called when there may be more room, or more items, than before. */
  advance () {
    this.#runner.advance()
  }

  /** Must be called when the reader may have taken some of the results that the sink keeps. */
  onRead () {
    if (this.#deliveries.trim()) this.#runner.advance()
  }

  /**
   * Ends the flow because its results are no longer needed.
   *
   * @param {unknown} reason
   * @returns {boolean} whether to wait for the release of the source. A source that is still waiting for an item may be
   *   released late or never
   */
  close (reason) {
    if (this.#termination.finished) return false
    const { waiting } = this.#intake
    this.#shutDown(reason)
    this.#abort(reason)
    return !waiting
  }

  /**
   * For a consumer that stops early.
   *
   * @returns {Promise<void>} resolves when the source is released. Rejects with the error of the release, unless that error
   *   was reported before or the flow itself has failed
   */
  async released () {
    await this.#release.wait()
    if (!this.#failed) this.#release.tell()
  }

  /**
   * For disposal.
   *
   * @returns {Promise<void>} resolves when the flow is idle; rejects as `released()` does
   */
  async disposed () {
    await this.idle
    await this.released()
  }

  /** @param {unknown} error */
  fail (error) {
    if (this.#termination.finished) return
    this.#failed = true
    this.close(error)
    if (this.#settings.waitForInFlight) this.#settling().then(() => this.#sink.fail(error))
    else this.#sink.fail(error)
  }

  /**
   * Must be called when the handler of an item has called `stop()`. Earlier items continue.
   *
   * @param {number} index
   */
  #stopAfter (index) {
    if (this.#termination.finished || this.#last !== undefined) return
    this.#sourceError = undefined
    this.#closeSource(stopped())
    this.#outcomes.skipped += this.#deliveries.drop(this.#runner.items, index)
    this.#runner.advance()
  }

  /**
   * Must be called when an item times out. It then gets its outcome before its handler settles.
   *
   * @param {Item<T>} item
   * @param {unknown} error
   */
  #timedOut (item, error) {
    if (this.#termination.finished) return
    if (this.#settings.timeoutFreesSlot) this.#runner.freeSlot(item)
    this.#outcomes.fail(item, error)
    if (item.state === JUDGED) item.value.then(() => this.#runner.advance())
    this.#runner.advance()
  }

  /** @param {unknown} error of an item that is already in the delivery queue */
  #stop (error) {
    if (this.#settings.errorOrder === 'inOrder') {
      this.#closeSource(error)
    } else {
      this.fail(this.#sourceError === undefined ? error : this.#sourceError.error)
    }
  }

  /** @param {unknown} error */
  #sourceFailed (error) {
    this.#outcomes.noteFatal()
    this.#sourceError = { error }
    this.#closeSource(error)
    this.#runner.advance()
  }

  /** @param {(stats: import('./job.js').Stats) => void} onStall */
  #stalled (onStall) {
    try {
      onStall(this.stats())
    } catch (error) {
      this.fail(error)
    }
  }

  #blocked () {
    if (this.#termination.finished) return
    if (this.#intake.ended && this.#intake.isEmpty && this.#deliveries.isEmpty && this.#complete()) return
    const waited = this.#waited()
    this.#waits.waitFor(waited)
    this.#stall?.waiting(waited === 'consumer')
  }

  /** @returns {import('./wait-clock.js').Waited} */
  #waited () {
    if (this.#intake.waiting) return 'source'
    if (this.#slots.free && this.#deliveries.blocked) return 'consumer'
    return 'handlers'
  }

  /**
   * @returns {boolean} whether the flow has ended. Before that, it waits for `flush`, and for the reader to take the
   *   results that precede an error
   */
  #complete () {
    const failure = this.#outcomes.report(this.#sourceError)
    if (failure !== undefined) {
      if (this.#deliveries.kept > 0) return false
      this.fail(failure.error)
    } else if (this.#flush !== undefined) {
      this.#runFlush(this.#flush)
      return false
    } else {
      this.#shutDown()
      if (this.#slots.running > 0) this.#abort(stopped())
      this.#sink.end(this.stats())
    }
    return true
  }

  /** @param {NonNullable<import('./options.js').Settings['flush']>} flush */
  async #runFlush (flush) {
    this.#flush = undefined
    const last = this.#last = new Item(undefined, this.#runner.started, 0)
    this.#slots.slotless++
    this.#deliveries.add(last)
    try {
      const result = await flush({ signal: this.#termination.signal })
      await this.#runner.takeParts(last, this.#settings.flatten ? asIterable(result, 'flush') : [result])
      if (!this.#termination.finished) this.#deliveries.skip(last)
    } catch (error) {
      if (this.#termination.finished) this.#outcomes.lateErrors++
      this.fail(error)
    }
    this.#runner.settled(last, true)
    this.#runner.advance()
  }

  /** @param {unknown} reason for the handlers that are running */
  #abort (reason) {
    this.#termination.abort(reason)
    this.#handlers.abort(reason)
  }

  /** @param {unknown} [reason] for a source that is destroyed */
  #shutDown (reason) {
    this.#termination.end()
    this.#closeSource(reason)
    this.#deliveries.close()
    for (const { parts } of this.#runner.items) parts?.wake()
    this.#last?.parts?.wake()
    this.#slots.close()
    this.#stall?.close()
    this.#waits.waitFor(undefined)
    this.#termination.settled(this.#slots.running)
  }

  /** @param {unknown} reason */
  #closeSource (reason) {
    if (!this.#intake.isEmpty) this.#outcomes.skipped++
    this.#intake.close(this.#settings.destroySource, reason)
    this.#release.follow(this.#intake.released)
  }

  /** @returns {Promise<void>} resolves when the flow has ended and no handler runs */
  #settling () {
    return this.#termination.idle(this.#slots.running)
  }
}

/** @param {number | 'auto'} concurrency */
function slotsFor (concurrency) {
  if (concurrency !== 'auto') return new Slots(concurrency)
  const { AutoSlots } = require('./auto-slots.js') // required here because a fixed number needs no addon
  return new AutoSlots()
}

function stopped () {
  return new DOMException('a handler called stop()', 'AbortError')
}

module.exports = { Flow }
