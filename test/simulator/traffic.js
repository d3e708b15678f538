'use strict'

const { ms, toMs } = require('./units')

// Linux sends a dropped SYN again 1 s, 3 s and 7 s after the first.
const SYN_RETRIES = [1000, 2000, 4000].map(ms)

/**
 * An open-loop client: requests start when they are due, whether or not earlier ones were answered.
 *
 * `source`: `class` (id), `phases`, `rate(timeMs)` per second, `keepAlive`, `arrivals` ('clock', 'poisson', or a number: bursts
 * of so many), `noise` (spread of service times), `timeoutMs`. Every request ends up in `records`.
 */
function startTraffic ({ agenda, random, servers, source, records, untilMs }) {
  const { keepAlive = false, arrivals = 'poisson', noise = 0.1, timeoutMs = 6000 } = source
  const server = servers[source.server ?? 0]
  const idle = []
  const burst = typeof arrivals === 'number' ? arrivals : 1
  due(0)

  // While the rate is 0 the clock looks again every 10 ms.
  function due (now) {
    const rate = source.rate(toMs(now))
    const gap = rate > 0 ? ms(1000) * burst / rate : ms(10)
    const next = now + (arrivals === 'poisson' && rate > 0 ? random.exponential(gap) : gap)
    if (next > ms(untilMs)) return
    agenda.at(next, (time) => {
      if (source.rate(toMs(time)) > 0) for (let i = 0; i < burst; i++) send(time)
      due(time)
    })
  }

  function send (now) {
    const record = { class: source.class, sent: now, status: 0, end: now + ms(timeoutMs) }
    records.push(record)
    const request = {
      class: source.class,
      phases: source.phases,
      phase: 0,
      arrived: now,
      lasting: (duration) => ms(random.around(duration, noise)),
      answer (status, time) {
        agenda.at(time, () => {
          if (record.status !== 0) return
          record.status = status
          record.end = time
          if (keepAlive) idle.push(true)
        })
      }
    }
    agenda.at(now + ms(timeoutMs), () => {
      if (record.status !== 0) return
      record.status = -1
      server.hangUp(request)
    })
    if (keepAlive && idle.pop()) server.receive(request)
    else connect(request, now, 0)
  }

  function connect (request, now, attempt) {
    request.arrived = now
    if (server.connect(request) || attempt === SYN_RETRIES.length) return
    agenda.at(now + SYN_RETRIES[attempt], (time) => connect(request, time, attempt + 1))
  }
}

module.exports = startTraffic
