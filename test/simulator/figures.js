'use strict'

const { ms, toMs } = require('./units')

const USEFUL = ms(200) // an answer later than this is of no use (DESIGN section 1)

/** Goodput per second, share shed, latencies in ms, of the requests sent in [fromMs, toMs[, of one class or of all. */
function figures (records, { fromMs, untilMs, class: id, usefulMs } = {}) {
  const useful = usefulMs ? ms(usefulMs) : USEFUL
  const sent = records.filter((record) => record.sent >= ms(fromMs) && record.sent < ms(untilMs) &&
    (id === undefined || record.class === id))
  const answered = sent.filter(({ status }) => status === 200)
  const refused = sent.filter(({ status }) => status === 503)
  const failed = sent.filter(({ status }) => status === -1)
  const seconds = (untilMs - fromMs) / 1000
  return {
    offered: sent.length / seconds,
    goodput: answered.filter((record) => latency(record) <= useful).length / seconds,
    p50: quantile(answered, 0.5),
    p99: quantile(answered, 0.99),
    refusedP99: quantile(refused, 0.99),
    shed: sent.length > 0 ? refused.length / sent.length : 0,
    failures: failed.length / seconds
  }
}

const latency = ({ sent, end }) => end - sent

function quantile (records, q) {
  const sorted = Float64Array.from(records, latency).sort()
  return sorted.length > 0 ? toMs(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]) : 0
}

module.exports = { figures }
