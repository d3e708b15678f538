'use strict'

// Compresses on four threads, in order, no faster than the destination takes the result. Each block becomes a gzip member;
// consecutive members are a valid gzip file (RFC 1952).

const { Readable, Writable } = require('node:stream')
const { pipeline, finished } = require('node:stream/promises')
const { setTimeout: delay } = require('node:timers/promises')
const { promisify } = require('node:util')
const zlib = require('node:zlib')

const { concurrentTransform } = require('spillway/stream')

const { comparePeakMemory } = require('./support/peak-memory.js')

const gzip = promisify(zlib.gzip)

const BLOCKS = 1500
const BLOCK_BYTES = 256 * 1024

async function compress (source, destination) {
  await pipeline(source, concurrentTransform(block => gzip(block, { level: 1 }), { concurrency: 4 }), destination)
}

async function compressWithoutBackpressure (source, destination) {
  const pending = []
  source.on('data', block => {
    pending.push(gzip(block, { level: 1 }).then(compressed => destination.write(compressed)))
  })
  await finished(source)
  await Promise.all(pending)
  await finished(destination.end())
}

async function measure (compressFrom) {
  const source = Readable.from((function * () {
    for (let block = 0; block < BLOCKS; block++) yield Buffer.alloc(BLOCK_BYTES, `block ${block} `)
  })())
  let blocks = 0
  const slow = new Writable({
    objectMode: true,
    highWaterMark: 4,
    async write (block, encoding, callback) {
      if (++blocks % 4 === 0) await delay(1)
      callback()
    }
  })
  await compressFrom(source, slow)
  return `${blocks} blocks compressed`
}

comparePeakMemory({
  spillway: () => measure(compress),
  naive: () => measure(compressWithoutBackpressure)
})
