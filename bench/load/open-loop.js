'use strict'

const { dueTimes } = require('./phases')

const TICK_MS = 1

/**
 * Starts requests at scheduled times. The load continues, uncounted, until every counted request has settled: otherwise
 * the queue would drain, and the last counted requests would be faster than under load.
 *
 * @param {{ phases: { rate: number, durationMs: number }[], durationMs: number, warmupMs?: number,
 *   arrivals?: 'even' | 'poisson' }} load rates in requests per second
 * @param {(settle: (outcome: string) => void) => void} send
 * @param {import('./tally')} tally
 * @returns {Promise<void>} resolves when all counted requests have settled
 */
function openLoop ({ phases, durationMs, warmupMs = 0, arrivals }, send, tally) {
  const endMs = warmupMs + durationMs
  const due = dueTimes(phases, warmupMs, arrivals)
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
      // The longest time by which a request could have started late, or a response been noticed late, since the last tick.
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
