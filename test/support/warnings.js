'use strict'

/**
 * Keeps process warnings for a test, instead of printing them.
 *
 * @returns {() => Promise<string[]>} gives the codes of the warnings since, and ends the keeping
 */
function keepWarnings () {
  const codes = []
  const listeners = process.listeners('warning')
  process.removeAllListeners('warning')
  process.on('warning', ({ code }) => codes.push(code))
  return async () => {
    // They are emitted on the next tick.
    await new Promise(setImmediate)
    process.removeAllListeners('warning')
    for (const listener of listeners) process.on('warning', listener)
    return codes
  }
}

module.exports = { keepWarnings }
