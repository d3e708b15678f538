'use strict'

const { invalidArgument } = require('../../options/errors.js')
const { ArraySource } = require('./array.js')
const { AsyncIterableSource } = require('./async-iterable.js')
const { IterableSource } = require('./iterable.js')
const { ReadableSource } = require('./readable.js')
const { WebStreamSource } = require('./web-stream.js')

/**
 * The part of a web `ReadableStream` that this library uses. The types of Node.js and of the DOM both have it. The second
 * signature corresponds to their overload for a BYOB reader: to infer `T`, TypeScript matches overloads in pairs, starting
 * with the last ones.
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
 * If several of these types match a value, the first one applies. A source that has ended yields no items. A Readable
 * that was destroyed, or that closes before its end, is a source that fails. If a web stream is locked, the call throws.
 * A string yields its characters. A promise in an iterable stands for its value; if it rejects, the item fails.
 * Rejections of promises in an array or a Set never count as unhandled.
 *
 * @template T
 * @typedef {import('node:stream').Readable | WebStream<T> | AsyncIterable<T> | Iterable<T | PromiseLike<T>>} Source
 */

/**
 * @template T
 * @typedef {object} Receiver
 * @property {(item: T) => void} receive
 * @property {(element: PromiseLike<T>, error: unknown) => void} receiveRejected the item is a promise that was rejected
 * @property {() => void} end
 * @property {(error: unknown) => void} sourceFailed
 */

/**
 * Each `pull()` is answered once: by its return value, or, if that is `WAIT`, later through the receiver. There is no second
 * `pull()` before the answer.
 *
 * @template T
 * @typedef {object} OpenSource
 * @property {boolean} [givesContexts] each item has its own asynchronous context: see `Origin`
 * @property {(intake: import('../intake.js').Intake<T>) => void} [connect] called once, before everything else
 * @property {(receiver: Receiver<T>) => import('./answers.js').Answer<T>} pull
 * @property {(destroy: boolean, reason?: unknown) => Promise<void> | void} close releases the source; called once. If
 *   that takes time, it returns a promise that resolves when the source is released, or rejects if the release fails
 * @property {(item: T) => void} [giveBack] takes back an unused item, after `close()`
 */

/**
 * @template T
 * @param {import('../options.js').Helper} helper for the error message
 * @param {Source<T>} source
 * @returns {OpenSource<T>}
 * @throws {TypeError} for anything else, and for a locked web stream
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
