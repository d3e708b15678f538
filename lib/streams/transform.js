'use strict'

const { Duplex } = require('node:stream')

const { show } = require('../options/show.js')
const { Fifo } = require('./fifo.js')
const { Flow } = require('./flow.js')
const { asJob } = require('./job.js')
const { checkHandler, readStreamOptions } = require('./options.js')
const { WritableSource, contextOfNow } = require('./source/writable.js')

/** The number of chunks that may wait for a slot: the default `highWaterMark` of Node.js streams in object mode. */
const MAX_WAITING = 16

/**
 * Creates a Duplex for `pipeline()`. Chunks that are written to it are items; chunks that are read from it are results.
 *
 * @template T, R
 * @param {import('./handler-context.js').Handler<T, R>} handler a result of undefined is left out
 * @param {import('./options.js').Options<T, R>} options
 * @returns {Duplex & import('./job.js').Job}
 * @throws {TypeError | RangeError} for a wrong argument or option
 */
function concurrentTransform (handler, options) {
  checkHandler('concurrentTransform', handler)
  return /** @type {any} */ (new ConcurrentDuplex(handler, readStreamOptions('concurrentTransform', options)))
}

/** @template T, R */
class ConcurrentDuplex extends Duplex {
  /** @type {WritableSource<T>} */
  #input
  /** @type {Flow<T>} */
  #flow
  /** @type {Fifo<import('./intake.js').Origin | undefined>} of the chunks in the writable buffer of the stream */
  #contexts = new Fifo()
  #hasEnded = false
  /** @type {(() => void) | undefined} the callback of `_final()` */
  #finished

  /**
   * @param {import('./handler-context.js').Handler<T, R>} handler
   * @param {import('./options.js').Settings} settings
   */
  constructor (handler, settings) {
    // Chunks wait in the source, so the writable buffer can be minimal. Results wait in the readable buffer, whose size
    // the flow limits.
    super({ objectMode: true, writableHighWaterMark: 1 })
    this.#input = new WritableSource(maxWaiting(settings))
    let starting = true
    this.#flow = new Flow(this.#input, handler, settings, {
      wants: () => true,
      accepts,
      deliver: result => this.#deliver(result),
      kept: () => this.readableLength,
      end: () => {
        this.#hasEnded = true
        this.#endWithWriter()
      },
      fail: error => {
        const destroy = () => { this.destroy(toError(error)) }
        // If the signal was already aborted, destroy the stream later: pipeline() does not accept a destroyed stream.
        if (starting) process.nextTick(destroy)
        else destroy()
      }
    })
    asJob(this, this.#flow)
    this.#flow.start()
    starting = false
  }

  /**
   * @param {any} chunk
   * @param {any} [encoding]
   * @param {any} [callback]
   */
  write (chunk, encoding, callback) {
    if (!this.#input.holds && this.writableCorked === 0) return super.write(chunk, encoding, callback)
    // The stream will call _write() later, in the asynchronous context of the code that makes room. So keep the context
    // of the writer.
    const isTaken = super.write(chunk, encoding, callback) // throws for null
    this.#contexts.push(contextOfNow())
    return isTaken
  }

  /**
   * @param {any} [chunk]
   * @param {any} [encoding]
   * @param {any} [callback]
   */
  end (chunk, encoding, callback) {
    const hasChunk = chunk !== undefined && chunk !== null && typeof chunk !== 'function'
    if (hasChunk) this.write(chunk, typeof encoding === 'string' ? encoding : undefined)
    return super.end([chunk, encoding, callback].find(value => typeof value === 'function'))
  }

  /** @param {number} [size] */
  read (size) {
    const chunk = super.read(size)
    if (chunk !== null) this.#flow.onRead()
    return chunk
  }

  /**
   * @param {any} chunk
   * @param {BufferEncoding} _encoding
   * @param {() => void} callback
   */
  _write (chunk, _encoding, callback) {
    this.#input.write(chunk, this.#contexts.shift(), callback)
  }

  /** @param {() => void} callback */
  _final (callback) {
    this.#finished = callback
    if (this.#hasEnded) this.#endWithWriter()
    else this.#input.end()
  }

  _read () {}

  /**
   * @param {Error | null} error
   * @param {(error?: Error | null) => void} callback
   */
  _destroy (error, callback) {
    this.#flow.close(error ?? new DOMException('the stream was destroyed', 'AbortError'))
    callback(error)
  }

  /**
   * After `stop()`, the readable side ends only when the writer has ended. Otherwise, `for await` would destroy the
   * stream after the last result, and a pipeline that is still writing would fail.
   */
  #endWithWriter () {
    if (this.#finished === undefined) return
    this.push(null)
    this.#finished()
  }

  /** @param {R} result */
  #deliver (result) {
    try {
      this.push(result)
    } catch (error) {
      this.destroy(toError(error)) // a listener for 'data' threw
    }
  }
}

/** @param {import('./options.js').Settings} settings */
function maxWaiting ({ concurrency, maxBytes }) {
  if (maxBytes !== undefined) return 1 // maxBytes does not cover chunks that wait here
  return concurrency === 'auto' ? MAX_WAITING : Math.min(concurrency, MAX_WAITING)
}

/** @param {unknown} result */
function accepts (result) {
  if (result === null) throw new TypeError('spillway/stream: concurrentTransform() cannot deliver null, which would end the stream')
  return result !== undefined
}

/**
 * Wraps falsy values, because a stream that is destroyed with one emits no error.
 *
 * @param {unknown} error
 */
function toError (error) {
  return /** @type {Error} */ (error || new Error(`spillway/stream: the handler failed with ${show(error)}`, { cause: error }))
}

module.exports = { concurrentTransform }
