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
  #wanted = false
  #emitting = false
  #disconnect = () => {}

  /** @param {import('node:stream').Readable} stream */
  constructor (stream) {
    this.#stream = stream
  }

  /** @param {import('./index.js').Receiver<T>} receiver */
  connect (receiver) {
    const onData = (/** @type {T} */ chunk) => {
      this.#wanted = false
      this.#emitting = true
      receiver.receive(chunk)
      this.#emitting = false
      if (!this.#wanted) this.#stream.pause()
    }
    this.#stream.pause()
    this.#stream.on('data', onData)
    const forget = finished(this.#stream, { writable: false }, error => {
      if (error) receiver.sourceFailed(error)
      else receiver.end()
    })
    this.#disconnect = () => {
      this.#stream.off('data', onData)
      forget()
    }
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
    if (destroy) this.#stream.destroy() // and go on listening, for an error that this may raise
    else this.#disconnect()
  }
}

module.exports = { ReadableSource }
