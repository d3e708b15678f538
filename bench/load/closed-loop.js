'use strict'

/**
 * Keeps a fixed number of requests in flight, to find a server's capacity. It counts the requests that *finish* during
 * the counted part.
 *
 * @param {{ clients: number, durationMs: number, warmupMs?: number }} load
 * @param {(settle: (outcome: string) => void) => void} send
 * @param {import('./tally')} tally
 * @returns {Promise<void>} resolves at the end of the counted part
 */
function closedLoop ({ clients, durationMs, warmupMs = 0 }, send, tally) {
  const beginMs = performance.now()
  const fromMs = beginMs + warmupMs
  const untilMs = fromMs + durationMs

  function next () {
    const startMs = performance.now()
    if (startMs >= untilMs) return
    send(outcome => {
      const nowMs = performance.now()
      if (nowMs >= fromMs && nowMs < untilMs) {
        tally.start()
        tally.settle(outcome, nowMs - startMs)
      }
      next()
    })
  }

  for (let client = 0; client < clients; client++) next()
  return new Promise(resolve => setTimeout(resolve, warmupMs + durationMs))
}

module.exports = closedLoop
