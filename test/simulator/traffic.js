'use strict'

const { ms, toMs } = require('./units')

// Linux sends a dropped SYN again 1 s, 3 s and 7 s after the first.
const SYN_RETRIES_MS = [1000, 2000, 4000]

// How often a source that sends nothing looks whether it should again.
const LOOK_AGAIN_MS = 10

/**
 * An open-loop client: requests are sent when they are due, whether or not earlier ones were answered, and every one of them
 * ends up in `records` as `{ class, sent, status, end }`: status 200, 503 (`spilled` if it was never accepted), with `judged`, once the admission controller was asked: `{ admitted, time }`, -1 (timed out) or 0
 * (not answered yet).
 *
 * `source`: `phases`, `rate(ms)` per second, `class`, `server`, `keepAlive` (else a connection for each request), `arrivals`
 * ('poisson', 'clock', or a number: bursts of so many), `noise` (spread of service times), `timeoutMs`, `claimsNoWait` (the kernel takes
 * its requests for such that waited for nothing), `connected` (with `keepAlive`: there is always a connection to be had).
 */
function startTraffic ({ agenda, random, process, source, records, untilMs }) {
  const { phases, keepAlive = false, arrivals = 'poisson', noise = 0.1, timeoutMs = 6000, claimsNoWait = false, connected = false } = source
  const burst = typeof arrivals === 'number' ? arrivals : 1
  const idleConnections = []
  schedule(0)

  function schedule (now) {
    const rate = source.rate(toMs(now))
    const gap = rate > 0 ? ms(1000) * burst / rate : ms(LOOK_AGAIN_MS)
    const next = now + (arrivals === 'poisson' && rate > 0 ? random.exponential(gap) : gap)
    if (next > ms(untilMs)) return
    agenda.at(next, (time) => {
      if (source.rate(toMs(time)) > 0) for (let i = 0; i < burst; i++) send(time)
      schedule(time)
    })
  }

  function send (now) {
    const record = { class: source.class ?? 0, sent: now, status: 0, end: Infinity }
    records.push(record)
    const finish = (status, time) => {
      if (record.status !== 0) return false
      record.status = status
      record.end = time
      return true
    }
    const request = {
      server: source.server ?? 0,
      class: record.class,
      claimsNoWait,
      queued: false,
      phases,
      phase: 0,
      arrived: now,
      judged: (admitted, time) => { record.judged = { admitted, time } },
      spilled: () => { record.spilled = true },
      lasting: (duration) => ms(random.around(duration, noise)),
      // Told during a turn; the client sees it when the turn has come so far.
      answer: (status, time) => agenda.at(time, () => {
        if (finish(status, time) && keepAlive) idleConnections.push(true)
      })
    }
    agenda.at(now + ms(timeoutMs), (time) => {
      if (finish(-1, time)) process.hangUp(request)
    })
    if (keepAlive && (connected || idleConnections.pop())) process.receive(request)
    else connect(request, now, 0)
  }

  function connect (request, now, attempt) {
    request.arrived = now
    if (process.connect(request) || attempt === SYN_RETRIES_MS.length) return
    agenda.at(now + ms(SYN_RETRIES_MS[attempt]), (time) => connect(request, time, attempt + 1))
  }
}

module.exports = startTraffic
