'use strict'

const { finished } = require('node:stream')
const { finished: finishedPromise } = require('node:stream/promises')

const { END, WAIT } = require('./answers.js')

/**
 * Takes chunks from 'data' events, and pauses the stream between them. `read()` would be simpler, but on a byte stream it joins
 * all buffered chunks. While other code listens for 'readable', the stream emits no 'data', and `read()` is used.
 *
 * @template T
 */
class ReadableSource {
  #stream
  #wanted = false
  /** @type {T[]} chunks that were not asked for, because other code resumed the stream */
  #unasked = []
  #ended = false
  #emitting = false
  #reading = false
  /** @type {Error | undefined} */
  #failure
  #disconnect = () => {}

  /** @param {import('node:stream').Readable} stream */
  constructor (stream) {
    this.#stream = stream
  }

  /** @param {import('./index.js').Receiver<T>} receiver */
  connect (receiver) {
    const stream = this.#stream
    const onData = (/** @type {T} */ chunk) => {
      if (!this.#wanted) {
        this.#unasked.push(chunk)
        stream.pause()
        return
      }
      this.#wanted = false
      this.#emitting = true
      receiver.receive(chunk)
      this.#emitting = false
      if (!this.#wanted) stream.pause()
    }
    const onReadable = () => {
      const chunk = this.#wanted ? this.#read() : null
      if (chunk !== null) receiver.receive(chunk)
    }
    const onNewListener = (/** @type {string | symbol} */ event) => {
      if (event !== 'readable') return
      this.#reading = true
      stream.off('newListener', onNewListener)
      stream.off('data', onData)
      stream.on('readable', onReadable)
    }
    stream.pause()
    stream.on('data', onData)
    stream.on('newListener', onNewListener)
    if (stream.listenerCount('readable') > 0) onNewListener('readable')
    const forget = finished(stream, { writable: false }, error => {
      this.#ended = true
      if (error) {
        this.#failure = error
        receiver.sourceFailed(error)
      } else if (this.#unasked.length === 0) {
        receiver.end()
      }
    })
    this.#disconnect = () => {
      stream.off('newListener', onNewListener)
      stream.off('data', onData)
      stream.off('readable', onReadable)
      forget()
    }
  }

  /** @returns {import('./answers.js').Answer<T>} */
  pull () {
    if (this.#unasked.length > 0) return /** @type {T} */ (this.#unasked.shift())
    if (this.#ended) return END
    this.#wanted = true
    if (this.#reading) {
      const chunk = this.#read()
      return chunk === null ? WAIT : chunk // the chunk may be undefined
    }
    if (!this.#emitting) this.#stream.resume()
    return WAIT
  }

  /**
   * @param {boolean} destroy
   * @returns {Promise<void> | undefined}
   */
  close (destroy) {
    this.#stream.pause()
    if (!destroy) {
      this.#disconnect()
      while (this.#unasked.length > 0) this.giveBack(/** @type {T} */ (this.#unasked.pop()))
      return
    }
    const reported = this.#failure
    this.#stream.destroy() // keeps the listeners, because this may emit an error
    return this.#closed(reported)
  }

  /** @param {T} item */
  giveBack (item) {
    if (!this.#stream.destroyed && !this.#stream.readableEnded) this.#stream.unshift(item, this.#stream.readableEncoding ?? undefined)
  }

  /**
   * `finished()` also works for a stream that emits no 'close'.
   *
   * @param {Error | undefined} reported the error with which the source has failed
   */
  async #closed (reported) {
    try {
      await finishedPromise(this.#stream)
    } catch (error) {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error)
      if (error !== reported && code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
    }
  }

  /** @returns {T | null} */
  #read () {
    const chunk = this.#stream.destroyed ? null : this.#stream.read()
    if (chunk !== null) this.#wanted = false
    return chunk
  }
}

module.exports = { ReadableSource }
