'use strict'

/** Measures this thread's event loop. All users share one measurement, which runs while there is at least one user. */

const { binding } = require('../native/binding.js')

let users = 0
let intervalMs = 500
let factor = 1 / 3

/** @returns {() => void} releases the monitor; idempotent */
function acquire () {
  if (++users === 1) binding.start(intervalMs, factor)
  let held = true
  return () => {
    if (!held) return
    held = false
    if (--users === 0) binding.stop()
  }
}

/** @param {number} newIntervalMs setting it restarts the measurement */
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
