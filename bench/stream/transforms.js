'use strict'

const { PassThrough, Readable, Transform, Writable } = require('node:stream')
const { pipeline } = require('node:stream/promises')

const parallelTransform = require('parallel-transform')
const { transform } = require('stream-transform')
const through2Concurrent = require('through2-concurrent')

const { concurrentTransform } = require('../../lib/streams/index.js')
const { limit } = require('./contenders.js')

/** Calls no handler, so it shows the cost of the streams themselves. */
const NO_HANDLER = 'PassThrough, no handler'

/**
 * Like `contenders`, for streams in a pipeline. stream-transform and through2-concurrent emit results as handlers finish.
 * Here that is the order of the items, because all handlers take equally long.
 *
 * @param {unknown[]} items
 * @param {(item: any) => Promise<any>} handler
 * @param {(result: any) => void} take
 * @returns {Record<string, () => Promise<unknown>>} by function
 */
function transforms (items, handler, take) {
  const asCallback = (item, callback) => { handler(item).then(result => callback(null, result), callback) }
  const asTransform = (item, encoding, callback) => asCallback(item, callback)
  const through = makeDuplex => () => pipeline(Readable.from(items), makeDuplex(), new Writable({
    objectMode: true,
    write (result, encoding, callback) {
      take(result)
      callback()
    }
  }))

  return {
    concurrentTransform: through(() => concurrentTransform(handler, { concurrency: limit })),
    'parallel-transform': through(() => parallelTransform(limit, asCallback)),
    'through2-concurrent': through(() => through2Concurrent.obj({ maxConcurrency: limit }, asTransform)),
    'stream-transform': through(() => transform({ parallel: limit }, handler)),
    'Transform, one at a time': through(() => new Transform({ objectMode: true, transform: asTransform })),
    [NO_HANDLER]: through(() => new PassThrough({ objectMode: true }))
  }
}

module.exports = { transforms, NO_HANDLER }
