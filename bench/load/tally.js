'use strict'

const percentile = require('./percentile')
const Timeline = require('./timeline')

const MAX_LATENESS_MS = 50

// The client's machine ran out of ports, files or memory: these errors say nothing about the server.
const CLIENT_FAILURES = ['EADDRNOTAVAIL', 'EMFILE', 'ENFILE', 'ENOBUFS']

/**
 * Counts the outcomes of the requests of one run.
 *
 * @typedef {object} Report
 * @property {number} seconds length of the counted part
 * @property {number} offered requests started; this and the next four are counts
 * @property {number} ok 200 responses
 * @property {number} useful 200 responses within `usefulMs`
 * @property {number} refused 503 responses
 * @property {number} failed all other requests
 * @property {Record<string, number>} failures failed requests by kind: `timeout`, `reset`, an error's code, another
 *   status
 * @property {{ offered: number, ok: number, useful: number, refused: number, failed: number }} perSecond
 * @property {{ p50: number | null, p99: number | null }} okMs latency of the 200 responses
 * @property {{ p99: number | null }} refusedMs latency of the 503 responses
 * @property {number} latenessMs how far the client was behind its schedule at most; 0 for the closed loop
 * @property {import('./timeline').TimelineReport} [timeline] if the load has `recoveredP99Ms`
 * @property {string | null} invalid why the run is unreliable; null if it is not
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
   * @param {string} outcome a status or a kind of failure
   * @param {number} latencyMs since the scheduled start
   * @param {number} [atMs] the scheduled start, since the start of the counted part
   */
  settle (outcome, latencyMs, atMs) {
    this.#timeline?.settle(outcome, latencyMs, atMs)
    if (outcome === '200') this.#okMs.push(latencyMs)
    else if (outcome === '503') this.#refusedMs.push(latencyMs)
    else this.#failures[outcome] = (this.#failures[outcome] ?? 0) + 1
  }

  /** @param {number} ms how far the client is behind its schedule */
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
