'use strict'

const { Readable } = require('node:stream')
const { setImmediate: nextTurn } = require('node:timers/promises')

/** Returns a handler whose calls the test settles one by one. `calls` has their arguments, `resolve()` and `reject()`. */
function manualHandler () {
  const calls = []
  const handler = (item, context) => new Promise((resolve, reject) => {
    calls.push({ item, ...context, stop: context?.stop, resolve, reject })
  })
  handler.calls = calls
  handler.items = () => calls.map(({ item }) => item)
  return handler
}

/** Returns an iterable of numbers from 0 that counts how many were taken and how often `return()` was called. */
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

/** Returns a Readable in object mode to which the test pushes items. */
function pushedReadable (...items) {
  const readable = new Readable({ objectMode: true, read () {} })
  for (const item of items) readable.push(item)
  return readable
}

/** Resolves to `{ reason }` of a promise that rejects, whatever the reason is. Throws if the promise resolves. */
async function catchRejection (promise) {
  try {
    await promise
  } catch (reason) {
    return { reason }
  }
  throw new Error('the promise did not reject')
}

/** Waits some turns of the event loop: enough for everything that needs neither a timer nor I/O. */
async function waitForTurns () {
  for (let turn = 0; turn < 5; turn++) await nextTurn()
}

/** Runs a function and resolves to the reasons of the unhandled rejections that it caused. */
async function collectUnhandledRejections (run) {
  const reasons = []
  const mochas = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', reason => reasons.push(reason))
  try {
    await run()
    await waitForTurns()
  } finally {
    process.removeAllListeners('unhandledRejection')
    for (const listener of mochas) process.on('unhandledRejection', listener)
  }
  return reasons
}

module.exports = { countingSource, manualHandler, pushedReadable, waitForTurns, catchRejection, collectUnhandledRejections }
