'use strict'

const { Readable } = require('node:stream')

const async = require('async')
const fastq = require('fastq')

const { concurrentTransform, forEachConcurrent, mapConcurrent } = require('../../lib/streams/index.js')

const limit = 16

/**
 * The functions that are compared: in each group, spillway's comes first. Each runs `handler` on all items. In the groups
 * that map, each also passes the results to `take`, in the order of the items.
 *
 * @param {unknown[]} items
 * @param {(item: any) => Promise<any>} handler
 * @param {(result: any) => void} take
 * @returns {Promise<Record<string, Record<string, () => Promise<unknown>>>>} by group and by function
 */
async function contenders (items, handler, take) {
  const { default: pMap, pMapIterable } = await import('p-map')
  const { newQueue } = await import('@henrygd/queue')
  const options = { concurrency: limit }
  const readable = () => Readable.from(items)

  async function takeAll (results) {
    for await (const result of results) take(result)
  }

  return {
    'array, for each': {
      forEachConcurrent: () => forEachConcurrent(items, handler, options),
      'async.eachLimit': () => async.eachLimit(items, limit, handler),
      'p-map': () => pMap(items, handler, options),
      'fastq.promise': () => {
        const queue = fastq.promise(handler, limit)
        return Promise.all(items.map(item => queue.push(item)))
      },
      '@henrygd/queue': () => {
        const queue = newQueue(limit)
        for (const item of items) queue.add(() => handler(item))
        return queue.done()
      }
    },
    'Readable, for each': {
      forEachConcurrent: () => forEachConcurrent(readable(), handler, options),
      'Readable.forEach': () => readable().forEach(handler, options),
      'async.eachLimit': () => async.eachLimit(readable(), limit, handler),
      'p-map': () => pMap(readable(), handler, options),
      // The queue has no limit of its own, so the caller waits for room.
      'fastq.promise': async () => {
        const queue = fastq.promise(handler, limit)
        for await (const item of readable()) {
          if (queue.length() >= limit) await queue.drained()
          queue.push(item)
        }
        await queue.drained()
      },
      '@henrygd/queue': async () => {
        const queue = newQueue(limit)
        for await (const item of readable()) {
          if (queue.size() >= 2 * limit) await queue.done()
          queue.add(() => handler(item))
        }
        await queue.done()
      }
    },
    'array, map to an array': {
      'mapConcurrent().toArray': async () => (await mapConcurrent(items, handler, options).toArray()).forEach(take),
      'p-map': async () => (await pMap(items, handler, options)).forEach(take),
      'async.mapLimit': async () => (await async.mapLimit(items, limit, handler)).forEach(take)
    },
    'array, map': {
      mapConcurrent: () => takeAll(mapConcurrent(items, handler, options)),
      pMapIterable: () => takeAll(pMapIterable(items, handler, options))
    },
    'Readable, map': {
      mapConcurrent: () => takeAll(mapConcurrent(readable(), handler, options)),
      concurrentTransform: () => takeAll(readable().pipe(concurrentTransform(handler, options))),
      'Readable.map': () => takeAll(readable().map(handler, options)),
      pMapIterable: () => takeAll(pMapIterable(readable(), handler, options))
    }
  }
}

module.exports = { contenders, limit }
