'use strict'

const { Duplex } = require('node:stream')

const { describe } = require('./describe.js')
const { Flow } = require('./flow.js')
const { asJob } = require('./job.js')
const { checkHandler, readOptions } = require('./options.js')
const { WAIT } = require('./source/answers.js')

/**
 * A Duplex for `pipeline()`: what is written to it are the items, what is read from it are the results.
 *
 * @template T, R
 * @param {import('./flow.js').Handler<T, R>} handler a result of undefined is left out
 * @param {import('./options.js').Options<T, R>} options
 * @returns {Duplex & import('./job.js').Job}
 * @throws {TypeError | RangeError} for a wrong argument or option
 */
function concurrentTransform (handler, options) {
  checkHandler(handler)
  return /** @type {any} */ (new ConcurrentDuplex(handler, readOptions(options)))
}

/**
 * The writable side as a source: a chunk's callback is held until the next one is asked for.
 *
 * @template T
 */
class WritableSource {
  /** @type {import('./source/index.js').Receiver<T> | undefined} */
  #receiver
  #accepted = () => {}

  /** @param {import('./source/index.js').Receiver<T>} receiver */
  connect (receiver) {
    this.#receiver = receiver
  }

  /** @returns {typeof WAIT} */
  pull () {
    const accepted = this.#accepted
    this.#accepted = () => {}
    accepted()
    return WAIT
  }

  close () {}

  /**
   * @param {T} item
   * @param {() => void} accepted
   */
  write (item, accepted) {
    this.#accepted = accepted
    this.#receiver?.receive(item)
  }

  end () {
    this.#receiver?.end()
  }
}

/** @template T, R */
class ConcurrentDuplex extends Duplex {
  /** @type {WritableSource<T>} */
  #input = new WritableSource()
  /** @type {Flow<T> | undefined} */
  #flow
  #demand = false
  #finished = () => {}

  /**
   * @param {import('./flow.js').Handler<T, R>} handler
   * @param {import('./options.js').Settings} settings
   */
  constructor (handler, settings) {
    // The flow does the buffering, and counts it: the stream's own buffers hold one chunk at most.
    super({ objectMode: true, readableHighWaterMark: 0, writableHighWaterMark: 1 })
    let starting = true
    this.#flow = new Flow(this.#input, handler, settings, {
      wants: () => this.#demand,
      admits,
      deliver: result => this.#deliver(result),
      end: () => this.#end(),
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
   * @param {BufferEncoding} _encoding
   * @param {() => void} callback
   */
  _write (chunk, _encoding, callback) {
    this.#input.write(chunk, callback)
  }

  /** @param {() => void} callback */
  _final (callback) {
    this.#finished = callback
    this.#input.end()
  }

  _read () {
    this.#demand = true
    this.#flow?.advance()
  }

  /**
   * @param {Error | null} error
   * @param {(error?: Error | null) => void} callback
   */
  _destroy (error, callback) {
    this.#flow?.close(error ?? new DOMException('the stream was destroyed', 'AbortError'))
    callback(error)
  }

  /** @param {R} result */
  #deliver (result) {
    try {
      this.#demand = false // unless the consumer reads again before push() returns
      this.#demand = this.push(result) || this.#demand
    } catch (error) {
      this.destroy(toError(error)) // what a listener of 'data' threw
    }
  }

  #end () {
    this.push(null)
    this.#finished()
  }
}

/** @param {unknown} result */
function admits (result) {
  if (result === null) throw new TypeError('the handler answered null, which would end the stream')
  return result !== undefined
}

/**
 * A stream that is destroyed with undefined, null or another falsy value emits no error.
 *
 * @param {unknown} error
 */
function toError (error) {
  return /** @type {Error} */ (error || new Error(`the handler failed with ${describe(error)}`, { cause: error }))
}

module.exports = { concurrentTransform }
