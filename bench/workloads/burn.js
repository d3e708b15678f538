'use strict'

/**
 * Keeps the CPU busy, and blocks the event loop.
 *
 * @param {number} ms
 */
function burn (ms) {
  const untilMs = performance.now() + ms
  while (performance.now() < untilMs);
}

module.exports = burn
