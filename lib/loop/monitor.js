'use strict'

/**
 * The one measuring of this thread's event loop, shared by all who need it: it runs while anyone
 * does. The toobusy functions are one user; each gate is another.
 */

const { binding } = require('../native/binding.js')
const requestWatch = require('../requests/watch.js')

let users = 0
let intervalMs = 500
let factor = 1 / 3

/** @returns {() => void} to be called when no longer needed; idempotent */
function acquire () {
  if (++users === 1) {
    binding.start(intervalMs, factor)
    requestWatch.start()
  }
  let held = true
  return () => {
    if (!held) return
    held = false
    if (--users === 0) {
      binding.stop()
      requestWatch.stop()
    }
  }
}

/** @param {number} newIntervalMs a change starts the measuring again, from nothing */
function setInterval (newIntervalMs) {
  intervalMs = newIntervalMs
  if (users > 0) binding.start(intervalMs, factor)
}

/** @param {number} newFactor smoothing factor per interval, in ]0, 1] */
function setFactor (newFactor) {
  factor = newFactor
  if (users > 0) binding.setFactor(factor)
}

module.exports = { acquire, setInterval, setFactor }
