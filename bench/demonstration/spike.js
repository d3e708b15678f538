'use strict'

/** Clients that try again, and a short spike of load: an unprotected server does not come back from it. */

const SECOND_MS = 1000
const BELOW = 0.7 // of the capacity, before and after the spike
const SPIKE = 3

// Lengths as shares of the spike.
const BEFORE = 0.6
const AFTER = 3

// A response is in time if it comes within a second of the first attempt.
const IN_TIME_MS = 1000

const RETRIES = { attempts: 4, pauseMs: [100, 200] }
const ATTEMPT_TIMEOUT_MS = 2000

/**
 * @param {number} capacity requests per second
 * @param {{ spikeMs: number }} settings
 * @returns {Omit<import('../load').Load, 'port' | 'connections'>}
 */
function spikeLoad (capacity, { spikeMs }) {
  const phase = (times, share) => ({ rate: times * capacity, durationMs: share * spikeMs })
  return {
    mode: 'open',
    phases: [phase(BELOW, BEFORE), phase(SPIKE, 1), phase(BELOW, AFTER)],
    retries: RETRIES,
    timeoutMs: ATTEMPT_TIMEOUT_MS,
    usefulMs: IN_TIME_MS,
    patienceMs: IN_TIME_MS,
    recoveredP99Ms: IN_TIME_MS
  }
}

/** @returns {number} ms that a run takes */
function spikeMs ({ spikeMs }) {
  return (BEFORE + 1 + AFTER) * spikeMs + IN_TIME_MS
}

/**
 * @param {import('../load/timeline').TimelineReport} timeline
 * @param {{ spikeMs: number }} settings
 * @returns {{ second: number, share: number }[]} the share of the requests that were answered in time, by the second of their
 *   first attempt; second 0 is the first of the spike
 */
function secondBySecond ({ bins, binMs }, { spikeMs }) {
  const seconds = new Map()
  const size = Math.round(SECOND_MS / binMs)
  const first = Math.round(BEFORE * spikeMs / binMs)
  for (const [i, { ok, useful, refused, failed }] of bins.entries()) {
    const second = Math.floor((i - first) / size)
    const counted = seconds.get(second) ?? { offered: 0, useful: 0 }
    seconds.set(second, { offered: counted.offered + ok + refused + failed, useful: counted.useful + useful })
  }
  return [...seconds].filter(([, { offered }]) => offered > 0).map(([second, { offered, useful }]) => ({ second, share: useful / offered }))
}

module.exports = { spikeLoad, spikeMs, secondBySecond, BELOW, SPIKE, AFTER, IN_TIME_MS, RETRIES, ATTEMPT_TIMEOUT_MS }
