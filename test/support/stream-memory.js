'use strict'

// Runs all three helpers at once, on the number of items in the argument. Prints the used heap in bytes after the first
// tenth of the items and at the end.

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

/** Slower than any source, because it sometimes waits for the next turn of the event loop. */
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
