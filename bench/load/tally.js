'use strict'

const percentile = require('./percentile')
const Timeline = require('./timeline')

const MAX_LATENESS_MS = 50

// Failures of the client's own machine: they say nothing about the server.
const CLIENT_FAILURES = ['EADDRNOTAVAIL', 'EMFILE', 'ENFILE', 'ENOBUFS']

/**
 * Counts what became of the requests of one run.
 *
 * @typedef {object} Report
 * @property {number} seconds length of the counted part
 * @property {number} offered requests started; this and the next four are counts
 * @property {number} ok answers 200
 * @property {number} useful answers 200 in time
 * @property {number} refused answers 503
 * @property {number} failed all others
 * @property {Record<string, number>} failures the same by kind: `timeout`, `reset`, an error's code, another status
 * @property {{ offered: number, ok: number, useful: number, refused: number, failed: number }} perSecond
 * @property {{ p50: number | null, p99: number | null }} okMs latency of the answers 200
 * @property {{ p99: number | null }} refusedMs latency of the answers 503
 * @property {number} latenessMs the longest that the client itself was behind its clock (0 for the closed loop)
 * @property {import('./timeline').TimelineReport} [timeline] where the load asks for it
 * @property {string | null} invalid why the run must not be trusted
 */
class Tally {
  #usefulMs
  #seconds
  #offered = 0
  #okMs = []
  #refusedMs = []
  #failures = {}
  #latenessMs = 0
  #timeline

  /** @param {Pick<import('./').Load, 'durationMs' | 'usefulMs' | 'phases' | 'recoveredP99Ms'>} load */
  constructor (load) {
    const { durationMs, usefulMs = 200, recoveredP99Ms } = load
    this.#seconds = durationMs / 1000
    this.#usefulMs = usefulMs
    if (recoveredP99Ms !== undefined) this.#timeline = new Timeline(load)
  }

  start () {
    this.#offered++
  }

  /**
   * @param {string} outcome a status or the kind of failure
   * @param {number} latencyMs since the intended start
   * @param {number} [atMs] the intended start, since the counted part began
   */
  settle (outcome, latencyMs, atMs) {
    this.#timeline?.settle(outcome, latencyMs, atMs)
    if (outcome === '200') this.#okMs.push(latencyMs)
    else if (outcome === '503') this.#refusedMs.push(latencyMs)
    else this.#failures[outcome] = (this.#failures[outcome] ?? 0) + 1
  }

  /** @param {number} ms how far the client is behind its clock */
  late (ms) {
    this.#latenessMs = Math.max(this.#latenessMs, ms)
  }

  /** @returns {Report} */
  report () {
    const counts = {
      offered: this.#offered,
      ok: this.#okMs.length,
      useful: this.#okMs.filter(ms => ms <= this.#usefulMs).length,
      refused: this.#refusedMs.length,
      failed: Object.values(this.#failures).reduce((sum, n) => sum + n, 0)
    }
    const perSecond = Object.fromEntries(Object.entries(counts).map(([name, n]) => [name, n / this.#seconds]))
    return {
      seconds: this.#seconds,
      ...counts,
      failures: this.#failures,
      perSecond,
      okMs: { p50: percentile(this.#okMs, 0.5), p99: percentile(this.#okMs, 0.99) },
      refusedMs: { p99: percentile(this.#refusedMs, 0.99) },
      latenessMs: this.#latenessMs,
      timeline: this.#timeline?.report(),
      invalid: this.#invalid()
    }
  }

  #invalid () {
    if (this.#latenessMs > MAX_LATENESS_MS) return `the client was ${Math.round(this.#latenessMs)} ms late`
    const failure = CLIENT_FAILURES.find(code => this.#failures[code])
    return failure ? `the client failed with ${failure}` : null
  }
}

module.exports = Tally
