'use strict'

/** Keeps the processor, and therefore the event loop, busy. @param {number} ms */
function block (ms) {
  const until = performance.now() + ms
  while (performance.now() < until);
}

/** Waits for the next turn of the event loop. */
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

/**
 * Blocks the event loop once in each of its turns, until the returned function is called. An interval would leave out
 * turns: as many as the machine can do within a millisecond.
 * @param {number} ms
 */
function blockEachTurn (ms) {
  let immediate = setImmediate(function turn () {
    block(ms)
    immediate = setImmediate(turn)
  })
  return () => clearImmediate(immediate)
}

module.exports = { block, blockEachTurn, nextTurn }
