'use strict'

const { forEachConcurrent } = require('./for-each.js')
const { mapConcurrent } = require('./map.js')
const { concurrentTransform } = require('./transform.js')

/** @typedef {import('./job.js').Job} Job */
/** @typedef {import('./job.js').Stats} Stats */

/**
 * @template [T=any]
 * @template [R=any]
 * @typedef {import('./options.js').Options<T, R>} Options
 */

/**
 * @template T
 * @template [R=unknown]
 * @typedef {import('./flow.js').Handler<T, R>} Handler
 */

/**
 * @template R
 * @typedef {import('./map.js').ConcurrentIterator<R>} ConcurrentIterator
 */

module.exports = { forEachConcurrent, mapConcurrent, concurrentTransform }
