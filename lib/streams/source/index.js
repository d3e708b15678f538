'use strict'

const { invalidArgument } = require('../../options/errors.js')
const { ArraySource } = require('./array.js')
const { AsyncIterableSource } = require('./async-iterable.js')
const { IterableSource } = require('./iterable.js')
const { ReadableSource } = require('./readable.js')
const { WebStreamSource } = require('./web-stream.js')

/**
 * The part of a web `ReadableStream` that is used: Node's and the DOM's both have it. The second signature stands for
 * theirs that may give a BYOB reader: TypeScript pairs overloads from the last on when it infers `T`.
 *
 * @template T
 * @typedef {{ getReader: { (): WebReader<T>, (options?: any): unknown } }} WebStream
 */

/**
 * @template T
 * @typedef {object} WebReader
 * @property {() => Promise<{ done: boolean, value?: T }>} read
 * @property {(reason?: unknown) => Promise<void>} cancel
 * @property {() => void} releaseLock
 */

/**
 * What is both, say, a Readable and an async iterable is taken for the first of these. One that has ended gives no item.
 * A Readable that was destroyed, or closes without an end, is a source that failed. A locked web stream is refused at
 * the call. A string gives its characters. A promise in an iterable stands for its value; where it is rejected, it is an
 * item that failed. The promises of an array or a Set are observed from the beginning.
 *
 * @template T
 * @typedef {import('node:stream').Readable | WebStream<T> | AsyncIterable<T> | Iterable<T | PromiseLike<T>>} Source
 */

/**
 * @template T
 * @typedef {object} Receiver
 * @property {(item: T) => void} receive
 * @property {(element: PromiseLike<T>, error: unknown) => void} receiveRejected the item is a promise, which was rejected
 * @property {() => void} end
 * @property {(error: unknown) => void} sourceFailed
 */

/**
 * Each `pull` is answered once: by what it returns, or, when that is `WAIT`, later through the receiver. Until then there
 * is no second one.
 *
 * @template T
 * @typedef {object} OpenSource
 * @property {boolean} [givesContexts] each item runs in a context of its own: see `Intake.context`
 * @property {(intake: import('../intake.js').Intake<T>) => void} [connect] called once, before all else, where the source has
 *   to listen
 * @property {(receiver: Receiver<T>) => import('./answers.js').Answer<T>} pull
 * @property {(destroy: boolean, reason?: unknown) => Promise<void> | void} close lets go of what was opened; called once.
 *   Where there is something to wait for: a promise that settles when the source is released, rejected with what that threw
 * @property {(item: T) => void} [giveBack] takes an item again that was not used, after `close`
 */

/**
 * @template T
 * @param {import('../options.js').Helper} helper for the error message
 * @param {Source<T>} source
 * @returns {OpenSource<T>}
 * @throws {TypeError} when it is none of the four, or a locked web stream
 */
function openSource (helper, source) {
  const candidate = /** @type {any} */ (source)
  if (candidate !== null && candidate !== undefined) {
    if (typeof candidate.read === 'function' && typeof candidate.on === 'function') return new ReadableSource(candidate)
    if (typeof candidate.getReader === 'function') return new WebStreamSource(candidate)
    if (Array.isArray(candidate)) return new ArraySource(candidate)
    if (typeof candidate[Symbol.asyncIterator] === 'function') return new AsyncIterableSource(candidate)
    if (typeof candidate[Symbol.iterator] === 'function') return new IterableSource(candidate)
  }
  throw invalidArgument(`spillway/stream: ${helper}()`, 'a Readable, a web ReadableStream, an async iterable or an iterable as its source', source)
}

module.exports = { openSource }
