'use strict'

const percentile = require('./percentile')

const BIN_MS = 100

/**
 * The outcomes of requests by their scheduled start.
 *
 * @typedef {object} TimelineReport
 * @property {number} binMs
 * @property {{ ok: number, useful: number, refused: number, failed: number, p99: number | null }[]} bins counts, and
 *   the p99 latency of the 200 responses in ms, for each `binMs` of the counted part
 * @property {{ recoveredMs: number | null, lastRefusedMs: number | null }[]} phases for each phase, in ms since its
 *   start: the first bin from which the p99 of the rest of the phase is within the limit (null if there is none), and
 *   when the last 503 response to one of its requests arrived (null if there was none)
 */
class Timeline {
  #phases
  #usefulMs
  #p99LimitMs
  #samples = []

  /**
   * @param {{ phases: { durationMs: number }[], usefulMs?: number, recoveredP99Ms: number }} load
   */
  constructor ({ phases, usefulMs = 200, recoveredP99Ms }) {
    this.#phases = phases
    this.#usefulMs = usefulMs
    this.#p99LimitMs = recoveredP99Ms
  }

  /**
   * @param {string} outcome a status or a kind of failure
   * @param {number} latencyMs
   * @param {number} atMs the scheduled start, since the start of the counted part
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
      if (p99 !== null && p99 <= this.#p99LimitMs) return binMs - fromMs
    }
    return null
  }
}

function latencies (samples, status) {
  return samples.filter(({ outcome }) => outcome === status).map(({ latencyMs }) => latencyMs)
}

module.exports = Timeline
