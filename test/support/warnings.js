'use strict'

/**
 * Collects process warnings instead of printing them.
 *
 * @returns {() => Promise<string[]>} stops collecting, and returns the codes of the warnings
 */
function keepWarnings () {
  const codes = []
  const listeners = process.listeners('warning')
  process.removeAllListeners('warning')
  process.on('warning', ({ code }) => codes.push(code))
  return async () => {
    // Warnings are emitted in the next tick.
    await new Promise(setImmediate)
    process.removeAllListeners('warning')
    for (const listener of listeners) process.on('warning', listener)
    return codes
  }
}

module.exports = { keepWarnings }
