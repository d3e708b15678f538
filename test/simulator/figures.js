'use strict'

const { ms, toMs } = require('./units')

// A later answer is not useful.
const USEFUL_MS = 200

/**
 * Figures of the requests sent in [fromMs, untilMs[, of one class or all: `offered`, `goodput` (useful answers) and
 * `failures` per second; the shares `shed` and `useful`; `p50` and `p99` of the answers 200 and `refusedP99` of the answers
 * 503, in ms.
 */
function figures (records, { fromMs, untilMs, class: id, usefulMs = USEFUL_MS }) {
  const sent = records.filter((record) => record.sent >= ms(fromMs) && record.sent < ms(untilMs) &&
    (id === undefined || record.class === id))
  const answered = sent.filter(({ status }) => status === 200)
  const refused = sent.filter(({ status }) => status === 503)
  const failed = sent.filter(({ status }) => status === -1)
  const useful = answered.filter((record) => latency(record) <= ms(usefulMs))
  const seconds = (untilMs - fromMs) / 1000
  return {
    offered: sent.length / seconds,
    goodput: useful.length / seconds,
    failures: failed.length / seconds,
    shed: refused.length / Math.max(1, sent.length),
    useful: useful.length / Math.max(1, sent.length),
    p50: quantile(answered, 0.5),
    p99: quantile(answered, 0.99),
    refusedP99: quantile(refused, 0.99)
  }
}

/** The share of refused requests among those that a controller judged in [fromMs, untilMs[. */
function refusedOfJudged (records, { fromMs, untilMs }) {
  const judged = records.filter(({ judged }) => judged && judged.time >= ms(fromMs) && judged.time < ms(untilMs))
  return judged.filter(({ judged }) => !judged.admitted).length / Math.max(1, judged.length)
}

/** The time from `atMs` until p99 of the answers 200 stays below `limitMs`, in steps of 100 ms. */
function settledAfter (records, { atMs, untilMs, limitMs }) {
  let settled = atMs
  for (let from = atMs; from < untilMs; from += 100) {
    if (figures(records, { fromMs: from, untilMs: from + 100 }).p99 > limitMs) settled = from + 100
  }
  return settled - atMs
}

/** The time from `atMs` until the last refusal of a request sent at or after `atMs`, in ms. */
function lastRefusalAfter (records, atMs) {
  return records.reduce((last, { status, sent, end }) =>
    status === 503 && sent >= ms(atMs) ? Math.max(last, toMs(end) - atMs) : last, 0)
}

const latency = ({ sent, end }) => end - sent

function quantile (records, q) {
  const sorted = Float64Array.from(records, latency).sort()
  return sorted.length > 0 ? toMs(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]) : 0
}

module.exports = { figures, refusedOfJudged, settledAfter, lastRefusalAfter }
