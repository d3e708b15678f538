'use strict'

const { dueTimes } = require('./phases')

const TICK_MS = 1

/**
 * Starts requests on a clock. The load goes on, uncounted, until every counted request has settled: a queue that
 * nobody joins any more would flatter the last ones in it.
 *
 * @param {{ phases: { rate: number, durationMs: number }[], durationMs: number, warmupMs?: number }} load rates in
 *   requests per second
 * @param {(settle: (outcome: string) => void) => void} send
 * @param {import('./tally')} tally
 * @returns {Promise<void>} resolves when all counted requests have settled
 */
function openLoop ({ phases, durationMs, warmupMs = 0 }, send, tally) {
  const endMs = warmupMs + durationMs
  const due = dueTimes(phases, warmupMs)
  const beginMs = performance.now()
  let nextMs = due.next().value
  let lastTickMs = beginMs
  let unsettled = 0

  function startDue (nowMs) {
    while (nextMs <= nowMs) {
      if (nextMs < warmupMs || nextMs >= endMs) send(() => {})
      else startCounted(nextMs)
      nextMs = due.next().value
    }
  }

  function startCounted (dueMs) {
    tally.start()
    unsettled++
    send(outcome => {
      tally.settle(outcome, performance.now() - beginMs - dueMs, dueMs - warmupMs)
      unsettled--
    })
  }

  return new Promise(resolve => {
    function tick () {
      const nowMs = performance.now()
      // Bounds the delay of every start, and of every answer noticed, since the last tick.
      tally.late(nowMs - lastTickMs - TICK_MS)
      lastTickMs = nowMs
      startDue(nowMs - beginMs)
      if (unsettled === 0 && nowMs - beginMs >= endMs) resolve()
      else setTimeout(tick, TICK_MS)
    }
    tick()
  })
}

module.exports = openLoop
