'use strict'

const { finished } = require('node:stream')

const { WAIT } = require('./answers.js')

/**
 * Takes chunks from 'data' events and pauses between them. `read()` would be one call less, but on a byte stream it
 * joins all the chunks that have come.
 *
 * @template T
 */
class ReadableSource {
  #stream
  /** @type {import('./index.js').Receiver<T> | undefined} */
  #receiver
  #wanted = false
  #emitting = false
  #release = () => {}

  /** @param {import('node:stream').Readable} stream */
  constructor (stream) {
    this.#stream = stream
  }

  /** @param {import('./index.js').Receiver<T>} receiver */
  connect (receiver) {
    this.#receiver = receiver
    this.#stream.pause()
    this.#stream.on('data', this.#onData)
    this.#release = finished(this.#stream, { writable: false }, error => {
      if (error) receiver.sourceFailed(error)
      else receiver.end()
    })
  }

  /** @returns {typeof WAIT} */
  pull () {
    this.#wanted = true
    if (!this.#emitting) this.#stream.resume()
    return WAIT
  }

  /** @param {boolean} destroy */
  close (destroy) {
    this.#stream.pause()
    this.#stream.off('data', this.#onData)
    if (destroy) this.#stream.destroy() // `finished` keeps its listener for an error that this raises
    else this.#release()
  }

  /** @param {T} chunk */
  #onData = chunk => {
    this.#wanted = false
    this.#emitting = true
    this.#receiver?.receive(chunk)
    this.#emitting = false
    if (!this.#wanted) this.#stream.pause()
  }
}

module.exports = { ReadableSource }
