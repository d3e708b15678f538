'use strict'

// Prints the heap in use, in bytes, after the first tenth and at the end of a stream of as many items as the argument
// says, for all three helpers at once.

const { Readable, Writable } = require('node:stream')
const { pipeline } = require('node:stream/promises')
const { setImmediate: nextTurn } = require('node:timers/promises')

const { concurrentTransform, forEachConcurrent, mapConcurrent } = require('spillway/stream')

const count = Number(process.argv[2])
const options = { concurrency: 16 }

function * items () {
  for (let item = 0; item < count; item++) yield { item }
}

let early = 0

function heapUsed () {
  global.gc()
  return process.memoryUsage().heapUsed
}

/** Slower than any source: now and then it waits a turn. */
async function handler ({ item }) {
  if (item % 100 === 0) await nextTurn()
  if (item === count / 10) early = heapUsed()
  return { item }
}

async function main () {
  await Promise.all([
    forEachConcurrent(items(), handler, options),
    forEachConcurrent(Readable.from(items()), handler, options),
    (async () => {
      let next = 0
      for await (const { item } of mapConcurrent(items(), handler, options)) {
        if (item !== next++) throw new Error(`got ${item} out of order`)
      }
    })(),
    pipeline(Readable.from(items()), concurrentTransform(handler, options), new Writable({
      objectMode: true,
      write: (item, encoding, callback) => callback()
    }))
  ])
  console.log(JSON.stringify({ early, late: heapUsed() }))
}

main()
