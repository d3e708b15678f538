'use strict'

const { forEachConcurrent } = require('./for-each.js')
const { mapConcurrent } = require('./map.js')
const { concurrentQueue } = require('./queue.js')
const { skip } = require('./skip.js')
const { concurrentTransform } = require('./transform.js')

/** @typedef {import('./job.js').Job} Job */
/** @typedef {import('./job.js').Stats} Stats */
/** @typedef {import('./handler-context.js').HandlerContext} HandlerContext */
/** @typedef {import('./options.js').QueueOptions} QueueOptions */

/**
 * @template [T=any]
 * @template [R=any]
 * @typedef {import('./options.js').Options<T, R>} Options
 */

/**
 * @template T
 * @template [R=unknown]
 * @typedef {import('./handler-context.js').Handler<T, R>} Handler
 */

/**
 * @template R
 * @typedef {import('./map.js').ConcurrentIterator<R>} ConcurrentIterator
 */

/**
 * @template T, R
 * @typedef {import('./queue.js').Queue<T, R>} Queue
 */

module.exports = { forEachConcurrent, mapConcurrent, concurrentTransform, concurrentQueue, skip }
