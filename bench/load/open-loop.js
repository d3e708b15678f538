'use strict'

const { dueTimes } = require('./phases')

const TICK_MS = 1

/**
 * Starts requests at scheduled times. The load continues, uncounted, until every counted request has settled: otherwise
 * the queue would drain, and the last counted requests would be faster than under load.
 *
 * @param {{ phases: { rate: number, durationMs: number }[], durationMs: number, warmupMs?: number,
 *   arrivals?: 'even' | 'poisson', patienceMs?: number }} load rates in requests per second
 * @param {(settle: (outcome: string) => void) => void} send
 * @param {import('./tally')} tally
 * @returns {Promise<void>} resolves when all counted requests have settled
 */
function openLoop ({ phases, durationMs, warmupMs = 0, arrivals, patienceMs = Infinity }, send, tally) {
  const endMs = warmupMs + durationMs
  const due = dueTimes(phases, warmupMs, arrivals)
  const beginMs = performance.now()
  let nextMs = due.next().value
  let lastTickMs = beginMs
  const unsettled = new Set()

  function startDue (nowMs) {
    while (nextMs <= nowMs) {
      if (nextMs < warmupMs || nextMs >= endMs) send(() => {})
      else startCounted(nextMs)
      nextMs = due.next().value
    }
  }

  function startCounted (dueMs) {
    const settle = outcome => {
      if (!unsettled.delete(settle)) return
      tally.settle(outcome, performance.now() - beginMs - dueMs, dueMs - warmupMs)
    }
    tally.start()
    unsettled.add(settle)
    send(settle)
  }

  return new Promise(resolve => {
    function tick () {
      const nowMs = performance.now()
      // The longest time by which a request could have started late, or a response been noticed late, since the last tick.
      tally.late(nowMs - lastTickMs - TICK_MS)
      lastTickMs = nowMs
      startDue(nowMs - beginMs)
      const overdueMs = nowMs - beginMs - endMs
      if (overdueMs >= patienceMs) for (const settle of unsettled) settle('unanswered')
      if (unsettled.size === 0 && overdueMs >= 0) resolve()
      else setTimeout(tick, TICK_MS)
    }
    tick()
  })
}

module.exports = openLoop
