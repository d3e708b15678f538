'use strict'

const { AsyncResource } = require('node:async_hooks')

/** What a resource carries where no storage is in use. From Node 24 on there is always more, and each is kept. */
const OWN_SYMBOLS = ['async_id_symbol', 'trigger_async_id_symbol']

/** Whether some AsyncLocalStorage is in use; looked at once in a microtask, as looking costs as much as capturing. */
let inUse = true
let isKnown = false

/**
 * The asynchronous context of now, for a handler that runs later.
 *
 * @returns {import('./intake.js').Origin | undefined} undefined where no AsyncLocalStorage is in use
 */
function captureContext () {
  if (isKnown && !inUse) return undefined
  const context = new AsyncResource('spillway.item')
  if (!isKnown) {
    isKnown = true
    queueMicrotask(forget)
    // A storage that is in use leaves what it stores on every resource, under a symbol.
    inUse = Object.getOwnPropertySymbols(context).some(({ description = '' }) => !OWN_SYMBOLS.includes(description))
  }
  return inUse ? { context } : undefined
}

function forget () {
  isKnown = false
}

module.exports = { captureContext }
