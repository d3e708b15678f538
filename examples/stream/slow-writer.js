'use strict'

// A writer that respects the return value of write(): false means that the stream is full until it emits 'drain'.

const { once } = require('node:events')
const { Writable } = require('node:stream')
const { finished } = require('node:stream/promises')

const { forEachConcurrent } = require('spillway/stream')

const { comparePeakMemory } = require('./support/peak-memory.js')

const ROWS = 400_000

function * rows () {
  for (let id = 0; id < ROWS; id++) yield `${id},${'x'.repeat(200)}\n`
}

async function respectful (output) {
  // A handler that does not have to wait returns no promise, which avoids its cost.
  await forEachConcurrent(rows(), row => output.write(row) || once(output, 'drain'), { concurrency: 1 })
}

async function heedless (output) {
  for (const row of rows()) output.write(row)
}

async function write (writeRows) {
  let bytes = 0
  const slow = new Writable({
    write (chunk, encoding, callback) {
      bytes += chunk.length
      if (bytes % 50 === 0) setImmediate(callback)
      else callback()
    }
  })
  await writeRows(slow)
  await finished(slow.end())
  return `${bytes} bytes written`
}

comparePeakMemory({
  spillway: () => write(respectful),
  naive: () => write(heedless)
})
