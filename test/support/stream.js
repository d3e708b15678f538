'use strict'

const { Readable } = require('node:stream')
const { setImmediate: nextTurn } = require('node:timers/promises')

/** A handler whose promises the test settles, item by item. */
function manualHandler () {
  const calls = []
  const handler = (item, context) => new Promise((resolve, reject) => {
    calls.push({ item, ...context, stop: context?.stop, resolve, reject })
  })
  handler.calls = calls
  handler.items = () => calls.map(({ item }) => item)
  return handler
}

/** Numbers from 0, counting what was pulled, and how it ended. */
function countingSource (count = Infinity) {
  const source = {
    pulled: 0,
    returned: 0,
    [Symbol.iterator]: () => ({
      next: () => source.pulled < count ? { done: false, value: source.pulled++ } : { done: true },
      return: () => {
        source.returned++
        return { done: true }
      }
    })
  }
  return source
}

/** A Readable in object mode that gives what the test pushes. */
function pushedReadable (...items) {
  const readable = new Readable({ objectMode: true, read () {} })
  for (const item of items) readable.push(item)
  return readable
}

/** What was thrown or rejected, whatever value it is. */
async function rejectionOf (promise) {
  try {
    await promise
  } catch (reason) {
    return { reason }
  }
  throw new Error('it was not rejected')
}

/** Long enough for everything to happen that needs no timer and no I/O. */
async function quiet () {
  for (let turn = 0; turn < 5; turn++) await nextTurn()
}

/** Runs the function and gives the unhandled rejections that it left. */
async function unhandledRejectionsOf (run) {
  const reasons = []
  const mochas = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', reason => reasons.push(reason))
  try {
    await run()
    await quiet()
  } finally {
    process.removeAllListeners('unhandledRejection')
    for (const listener of mochas) process.on('unhandledRejection', listener)
  }
  return reasons
}

module.exports = { countingSource, manualHandler, pushedReadable, quiet, rejectionOf, unhandledRejectionsOf }
