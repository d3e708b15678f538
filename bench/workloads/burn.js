'use strict'

/**
 * Keeps the CPU busy.
 *
 * @param {number} ms
 */
function burn (ms) {
  const untilMs = performance.now() + ms
  while (performance.now() < untilMs);
}

module.exports = burn
