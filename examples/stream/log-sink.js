'use strict'

// Sends log lines to a slow collector. At most 1,000 lines wait; further lines are dropped and counted. A slow
// collector thus causes lost lines, but neither uses more memory nor delays the program.

const { PassThrough } = require('node:stream')
const { setImmediate: nextTurn } = require('node:timers/promises')

const { forEachConcurrent } = require('spillway/stream')

const { comparePeakMemory } = require('./support/peak-memory.js')

const LINES = 500_000

function boundedLog (send) {
  const queue = new PassThrough({ objectMode: true, writableHighWaterMark: 1000, readableHighWaterMark: 0 })
  const sending = forEachConcurrent(queue, send, { concurrency: 4, onError: 'continue' })
  let dropped = 0
  return {
    log (line) {
      if (queue.writableNeedDrain) dropped++
      else queue.write(line)
    },
    async close () {
      queue.end()
      const { completed } = await sending
      return `${completed} lines sent, ${dropped} dropped`
    }
  }
}

function unboundedLog (send) {
  const pending = []
  return {
    log (line) {
      pending.push(send(line))
    },
    async close () {
      await Promise.all(pending)
      return `${pending.length} lines sent, 0 dropped`
    }
  }
}

async function measure (makeLog) {
  const sink = makeLog(async line => {
    await nextTurn() // simulates the collector
    return line.length
  })
  for (let line = 0; line < LINES; line++) {
    sink.log(`${new Date(line).toISOString()} request ${line} answered 200`)
    if (line % 100 === 0) await nextTurn() // the program also does other things
  }
  return sink.close()
}

comparePeakMemory({
  spillway: () => measure(boundedLog),
  naive: () => measure(unboundedLog)
})
