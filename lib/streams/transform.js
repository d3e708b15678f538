'use strict'

const { Duplex } = require('node:stream')

const { show } = require('../options/show.js')
const { Fifo } = require('./fifo.js')
const { Flow } = require('./flow.js')
const { asJob } = require('./job.js')
const { checkHandler, readStreamOptions } = require('./options.js')
const { WritableSource, contextOfNow } = require('./source/writable.js')

/** How many chunks may wait for a slot, as in Node's streams in object mode. */
const MAX_WAITING = 16

/**
 * A Duplex for `pipeline()`: what is written to it are the items, what is read from it are the results.
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
  /** @type {Fifo<import('./intake.js').Origin | undefined>} of the chunks in the stream's own buffer */
  #contexts = new Fifo()
  #isOver = false
  /** @type {(() => void) | undefined} once nothing is written any more */
  #finished

  /**
   * @param {import('./handler-context.js').Handler<T, R>} handler
   * @param {import('./options.js').Settings} settings
   */
  constructor (handler, settings) {
    // Chunks wait in the source. Results wait in the readable side, which takes all that the flow's own limits let through.
    super({ objectMode: true, writableHighWaterMark: 1 })
    this.#input = new WritableSource(maxWaiting(settings))
    let starting = true
    this.#flow = new Flow(this.#input, handler, settings, {
      wants: () => true,
      accepts,
      deliver: result => this.#deliver(result),
      kept: () => this.readableLength,
      end: () => {
        this.#isOver = true
        this.#endWithWriter()
      },
      fail: error => {
        const destroy = () => { this.destroy(toError(error)) }
        // Where the signal was aborted before: pipeline() takes no stream that is destroyed already.
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
    // It will come to _write() in the context of who makes room for it.
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
    if (this.#isOver) this.#endWithWriter()
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
   * After `stop()` the results end only when the writer does: at their end `for await` destroys the stream, which would fail a
   * pipeline that still writes.
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
      this.destroy(toError(error)) // what a listener of 'data' threw
    }
  }
}

/** @param {import('./options.js').Settings} settings */
function maxWaiting ({ concurrency, maxBytes }) {
  if (maxBytes !== undefined) return 1 // the bytes of those that wait are not counted
  return concurrency === 'auto' ? MAX_WAITING : Math.min(concurrency, MAX_WAITING)
}

/** @param {unknown} result */
function accepts (result) {
  if (result === null) throw new TypeError('spillway/stream: concurrentTransform() cannot deliver null, which would end the stream')
  return result !== undefined
}

/**
 * A stream that is destroyed with undefined, null or another falsy value emits no error.
 *
 * @param {unknown} error
 */
function toError (error) {
  return /** @type {Error} */ (error || new Error(`spillway/stream: the handler failed with ${show(error)}`, { cause: error }))
}

module.exports = { concurrentTransform }
