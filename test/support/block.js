'use strict'

/** Keeps the processor, and therefore the event loop, busy. @param {number} ms */
function block (ms) {
  const until = performance.now() + ms
  while (performance.now() < until);
}

/** Waits for the next turn of the event loop. */
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

module.exports = { block, nextTurn }
