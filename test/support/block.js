'use strict'

/** Keeps the processor, and so the loop, busy. @param {number} ms */
function block (ms) {
  const until = performance.now() + ms
  while (performance.now() < until);
}

/** The next turn of the loop. */
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

module.exports = { block, nextTurn }
