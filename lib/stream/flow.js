'use strict'

const { setImmediate: nextTurn } = require('node:timers/promises')

const { byteSize, checkedSize } = require('./byte-size.js')
const { Ending } = require('./ending.js')
const { Handlers } = require('./handlers.js')
const { Intake } = require('./intake.js')
const { Item, JUDGED, NO_SLOT, RUNNING } = require('./item.js')
const { Outcomes } = require('./outcomes.js')
const { Outlet } = require('./outlet.js')
const { asIterable } = require('./parts.js')
const { Release } = require('./release.js')
const { Slots } = require('./slots.js')
const { StallWatch } = require('./stall.js')
const { isThenable } = require('./thenable.js')
const { Turn } = require('./turn.js')
const { WaitClock } = require('./wait-clock.js')

/**
 * Takes items in while there is a free slot and room for the result, runs the handler on each, and delivers the results
 * to a sink: the one core of all helpers.
 *
 * @template T
 */
class Flow {
  #settings
  #sink
  #flattens
  #maxBytes
  #highWaterMark
  #flush
  #intake
  #handlers
  #running
  #slots
  #outlet
  #outcomes
  #ending
  /** @type {StallWatch | undefined} */
  #stall
  #release = new Release()
  #turn = new Turn(() => this.advance())
  #waits = new WaitClock()
  #startWork = () => this.#startAll()
  #started = 0
  #starting = false
  #advancing = false
  #advanceAgain = false
  #failed = false
  #flushing = false
  /** @type {{ error: unknown } | undefined} reported when what was running has been delivered */
  #sourceError

  /**
   * @param {import('./source/index.js').OpenSource<T>} source
   * @param {import('./handler-context.js').Handler<T>} handler
   * @param {import('./options.js').Settings} settings
   * @param {import('./outlet.js').Sink} sink
   */
  constructor (source, handler, settings, sink) {
    const { maxBytes, sizeOf, signal, stallTimeout, onStall } = settings
    this.#settings = settings
    this.#sink = sink
    this.#flattens = settings.flatten === true
    this.#maxBytes = maxBytes ?? Infinity
    this.#highWaterMark = settings.highWaterMark
    this.#flush = settings.flush
    this.#slots = slotsFor(settings.concurrency)
    this.#ending = new Ending(signal, reason => this.fail(reason))
    this.#handlers = new Handlers(handler, settings, source.givesContexts === true, this.#ending.signal, {
      onStop: index => this.#stopAfter(index),
      onTimeout: (item, error) => this.#timedOut(item, error)
    })
    this.#running = this.#handlers.running
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

  get hasStarted () {
    return this.#starting
  }

  /** For a consumer that keeps all results anyway. To be called before `start`. */
  holdBackNothing () {
    this.#highWaterMark ??= Infinity
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
      inFlight: this.#running.length,
      buffered: this.#outlet.buffered,
      bytes: this.#outlet.bytes,
      completed,
      failed,
      skipped: skipped + this.#intake.discarded,
      retries: this.#handlers.retries,
      lateErrors: lateErrors + this.#release.untold,
      peakInFlight: this.#running.peak,
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
        if (this.#outlet.settled > 0) this.#deliver()
        if (this.#mayStart()) this.#handlers.enter(this.#startWork)
      }
    } finally {
      this.#advancing = false
    }
    this.#rest()
  }

  /** To be called when the reader may have taken some of the results that the sink keeps. */
  onRead () {
    if (this.#outlet.trim()) this.advance()
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
    this.#abort(reason)
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

  /**
   * For disposal.
   *
   * @returns {Promise<void>} resolved when the flow is idle; rejected like that of `released`
   */
  async disposed () {
    await this.idle
    await this.released()
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
      const item = this.#begin()
      let succeeded = false
      try {
        let result = this.#handlers.call(item)
        if (this.#flattens || isThenable(result)) {
          if (this.#slots.free) this.advance()
          result = await result
        }
        if (this.#flattens) {
          await this.#takeParts(item, asIterable(result))
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
      this.#settled(item, succeeded)
      if (this.#outlet.settled > 0) this.#deliver()
    } while (this.#mayStart())
    this.#rest()
  }

  #startAll () {
    do this.#work()
    while (this.#mayStart())
  }

  #begin () {
    const { bytes, context, rejection } = this.#intake
    const item = new Item(this.#intake.take(), this.#started++, bytes)
    if (context !== undefined) item.context = context
    if (rejection !== undefined) item.rejection = rejection
    this.#turn.count()
    this.#running.add(item)
    this.#outlet.add(item)
    item.began = this.#slots.take()
    return item
  }

  /**
   * Gives the several results of an item to the outlet, not more than there is room for.
   *
   * @param {Item<any>} item
   * @param {AsyncIterable<unknown> | Iterable<unknown>} results
   */
  async #takeParts (item, results) {
    for await (const result of results) {
      if (!this.#wants(item)) return
      const parts = this.#outcomes.addPart(item, result)
      this.#deliver()
      while (this.#wants(item) && this.#isFull(parts)) await parts?.taken()
      this.#turn.count()
      if (!this.#turn.isOpen) await nextTurn()
      if (!this.#wants(item)) return
    }
  }

  /** @param {import('./parts.js').Parts | undefined} parts */
  #isFull (parts) {
    return parts !== undefined && parts.untaken >= Math.max(1, this.#highWaterMark ?? this.#slots.limit)
  }

  /** @param {Item<any>} item */
  #wants (item) {
    return item.state === RUNNING && !this.#ending.over
  }

  /**
   * The handler has settled, and so has `onError`, where it was asked.
   *
   * @param {Item<T>} item
   * @param {boolean} succeeded
   */
  #settled (item, succeeded) {
    this.#handlers.settled(item)
    this.#freeSlot(item, succeeded)
    if (this.#ending.over) this.#ending.settled(this.#running.length)
  }

  /**
   * @param {Item<T>} item
   * @param {boolean} succeeded
   */
  #freeSlot (item, succeeded) {
    if (item.began === NO_SLOT) return
    this.#slots.give(item.began, succeeded)
    item.began = NO_SLOT
  }

  #mayStart () {
    return this.#hasRoom() && this.#turn.isOpen && (this.#maxBytes === Infinity ? this.#intake.fetch() : this.#fetchWithinBytes())
  }

  #hasRoom () {
    const { limit, inFlight } = this.#slots
    return inFlight < limit && this.#outlet.size + this.#outlet.kept < limit + (this.#highWaterMark ?? limit)
  }

  #fetchWithinBytes () {
    // What is taken from a source that outlives the job, and takes nothing back, must start, or it would be lost.
    const mustStart = !this.#settings.destroySource && !this.#intake.givesBack
    if (mustStart) return this.#outlet.bytes < this.#maxBytes && this.#intake.fetch()
    if (!this.#intake.fetch()) return false
    return this.#outlet.size + this.#outlet.kept === 0 || this.#outlet.bytes + this.#intake.bytes <= this.#maxBytes
  }

  #deliver () {
    const failed = this.#outlet.deliver()
    if (failed !== undefined) this.fail(failed.value)
  }

  // What does not go as it should

  /**
   * The handler of an item has called `stop()`: what started before that item goes on.
   *
   * @param {number} index
   */
  #stopAfter (index) {
    if (this.#ending.over || this.#flushing) return
    this.#sourceError = undefined
    this.#letGo(stopped())
    this.#outcomes.skipped += this.#outlet.drop(this.#running.after(index), index)
    this.advance()
  }

  /**
   * The item has its outcome, and is no longer running, before its handler settles.
   *
   * @param {Item<T>} item
   * @param {unknown} error
   */
  #timedOut (item, error) {
    if (this.#ending.over) return
    if (this.#settings.timeoutFreesSlot) this.#freeSlot(item, false)
    this.#outcomes.fail(item, error)
    if (item.state === JUDGED) item.value.then(() => this.advance())
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
    if (this.#intake.ended && this.#intake.isEmpty && this.#outlet.size === 0 && this.#complete()) return
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

  /** @returns {boolean} whether the flow is over: not before `flush` has answered, nor before what precedes an error is read */
  #complete () {
    const failure = this.#outcomes.report(this.#sourceError)
    if (failure !== undefined) {
      if (this.#outlet.kept > 0) return false
      this.fail(failure.error)
    } else if (this.#flush !== undefined) {
      this.#runFlush(this.#flush)
      return false
    } else {
      this.#shutDown()
      if (this.#running.length > 0) this.#abort(stopped())
      this.#sink.end(this.stats())
    }
    return true
  }

  /** @param {NonNullable<import('./options.js').Settings['flush']>} flush */
  async #runFlush (flush) {
    this.#flush = undefined
    this.#flushing = true
    const last = new Item(undefined, this.#started, 0)
    this.#running.add(last)
    this.#outlet.add(last)
    try {
      const result = await flush({ signal: this.#ending.signal })
      await this.#takeParts(last, this.#flattens ? asIterable(result) : [result])
      if (!this.#ending.over) this.#outlet.skip(last)
    } catch (error) {
      if (this.#ending.over) this.#outcomes.lateErrors++
      this.fail(error)
    }
    this.#settled(last, true)
    this.advance()
  }

  /** @param {unknown} reason told to the handlers that run */
  #abort (reason) {
    this.#ending.abort(reason)
    this.#handlers.abort(reason)
  }

  /** @param {unknown} [reason] told to a source that is destroyed */
  #shutDown (reason) {
    this.#ending.end()
    this.#letGo(reason)
    this.#outlet.close()
    for (const item of this.#running.after(-1)) item.parts?.wake()
    this.#slots.close()
    this.#stall?.close()
    this.#waits.waitFor(undefined)
    this.#ending.settled(this.#running.length)
  }

  /** @param {unknown} reason */
  #letGo (reason) {
    if (!this.#intake.isEmpty) this.#outcomes.skipped++
    this.#intake.close(this.#settings.destroySource, reason)
    this.#release.follow(this.#intake.released)
  }

  /** @returns {Promise<void>} resolved when the flow is over and no handler is running */
  #settling () {
    return this.#ending.idle(this.#running.length)
  }
}

/** @param {number | 'auto'} concurrency */
function slotsFor (concurrency) {
  if (concurrency !== 'auto') return new Slots(concurrency)
  const { AutoSlots } = require('./auto-slots.js') // not before: a fixed number needs no addon
  return new AutoSlots()
}

function stopped () {
  return new DOMException('a handler called stop()', 'AbortError')
}

module.exports = { Flow }
