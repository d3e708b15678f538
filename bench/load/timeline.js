'use strict'

const percentile = require('./percentile')

const BIN_MS = 100

/**
 * What became of the requests, by when they were meant to start.
 *
 * @typedef {object} TimelineReport
 * @property {number} binMs
 * @property {{ ok: number, useful: number, refused: number, failed: number, p99: number | null }[]} bins counts, and
 *   the p99 of the answers 200 in ms, of each `binMs` of the counted part
 * @property {{ recoveredMs: number | null, lastRefusedMs: number | null }[]} phases of each: when, since it began, p99
 *   was back (the first bin from which the rest of the phase has a p99 within the limit; null if none), and when the
 *   last 503 came to a request of it (null if none)
 */
class Timeline {
  #phases
  #usefulMs
  #delayLimitMs
  #samples = []

  /**
   * @param {{ phases: { durationMs: number }[], usefulMs?: number, recoveredP99Ms: number }} load
   */
  constructor ({ phases, usefulMs = 200, recoveredP99Ms }) {
    this.#phases = phases
    this.#usefulMs = usefulMs
    this.#delayLimitMs = recoveredP99Ms
  }

  /**
   * @param {string} outcome a status or the kind of failure
   * @param {number} latencyMs
   * @param {number} atMs since the counted part began
   */
  settle (outcome, latencyMs, atMs) {
    this.#samples.push({ outcome, latencyMs, atMs })
  }

  /** @returns {TimelineReport} */
  report () {
    let untilMs = 0
    const phases = this.#phases.map(({ durationMs }) => {
      const fromMs = untilMs
      untilMs += durationMs
      return this.#phase(fromMs, untilMs)
    })
    return { binMs: BIN_MS, bins: this.#bins(untilMs), phases }
  }

  #bins (endMs) {
    const samples = Array.from({ length: Math.ceil(endMs / BIN_MS) }, () => [])
    for (const sample of this.#samples) samples[Math.floor(sample.atMs / BIN_MS)].push(sample)
    return samples.map(of => {
      const okMs = latencies(of, '200')
      const refused = latencies(of, '503').length
      return {
        ok: okMs.length,
        useful: okMs.filter(ms => ms <= this.#usefulMs).length,
        refused,
        failed: of.length - okMs.length - refused,
        p99: percentile(okMs, 0.99)
      }
    })
  }

  #phase (fromMs, untilMs) {
    const samples = this.#samples.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs)
    const refused = samples.filter(({ outcome }) => outcome === '503').map(({ atMs, latencyMs }) => atMs + latencyMs)
    return {
      recoveredMs: this.#recoveredMs(samples, fromMs, untilMs),
      lastRefusedMs: refused.length > 0 ? Math.max(...refused) - fromMs : null
    }
  }

  #recoveredMs (samples, fromMs, untilMs) {
    for (let binMs = fromMs; binMs < untilMs; binMs += BIN_MS) {
      const p99 = percentile(latencies(samples.filter(({ atMs }) => atMs >= binMs), '200'), 0.99)
      if (p99 !== null && p99 <= this.#delayLimitMs) return binMs - fromMs
    }
    return null
  }
}

function latencies (samples, status) {
  return samples.filter(({ outcome }) => outcome === status).map(({ latencyMs }) => latencyMs)
}

module.exports = Timeline
