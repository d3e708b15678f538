'use strict'

const TICK_MS = 1

/**
 * Starts requests on a clock. The load goes on, uncounted, until every counted request has settled: a queue that
 * nobody joins any more would flatter the last ones in it.
 *
 * @param {{ rate: number, durationMs: number, warmupMs?: number }} load rate in requests per second
 * @param {(settle: (outcome: string) => void) => void} send
 * @param {import('./tally')} tally
 * @returns {Promise<void>} resolves when all counted requests have settled
 */
function openLoop ({ rate, durationMs, warmupMs = 0 }, send, tally) {
  const endMs = warmupMs + durationMs
  const beginMs = performance.now()
  let lastTickMs = beginMs
  let started = 0
  let unsettled = 0

  function startDue (nowMs) {
    let dueMs
    while ((dueMs = started * 1000 / rate) <= nowMs) {
      started++
      if (dueMs < warmupMs || dueMs >= endMs) send(() => {})
      else startCounted(dueMs)
    }
  }

  function startCounted (dueMs) {
    tally.start()
    unsettled++
    send(outcome => {
      tally.settle(outcome, performance.now() - beginMs - dueMs)
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
