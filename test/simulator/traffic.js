'use strict'

const { ms, toMs } = require('./units')

// Linux repeats a dropped SYN 1 s, 3 s and 7 s after the first one.
const SYN_RETRIES_MS = [1000, 2000, 4000]

// How often an idle source checks whether it should send again.
const LOOK_AGAIN_MS = 10

/**
 * The clients of one source. By default they are an open loop: each request is sent when it is due, whether or not earlier
 * ones were answered. With `clients`, they are a closed loop of so many clients: all send at time 0, and each sends again a
 * random time after its last response, refusal or time-out: `pauseMs` on average. `rate` and `arrivals` are then not used.
 *
 * Each request is recorded in `records` as `{ class, client, sent, status, end }`. The status is 200, 503 (`spilled` if the
 * connection was never accepted), -1 (timed out) or 0 (not answered yet). A record has `judged: { admitted, time }` after the
 * admission controller was asked.
 *
 * `source`: `phases`, `rate(ms)` per second, `class`, `client` (a name, or a function of the random numbers that returns one, and
 * `weight`, for fair shares), `priority` (0: critical, to 3: background), `patienceMs` (how long clients say that they wait), `server`, `keepAlive` (otherwise each request has
 * its own connection), `arrivals` ('poisson', 'clock', the size of bursts at equal intervals, or `{ batches }`, their size at
 * random times), `noise` (spread of service times), `timeoutMs`, `claimsNoWait` (the kernel reports no wait for its requests),
 * `connected` (with `keepAlive`: a connection is always available), `retries` (`attempts` in all, each after a pause between
 * the two of `pauseMs`, if the last one was refused or timed out; each attempt is a record, and `first` is when the first one
 * was sent).
 */
function startTraffic ({ agenda, random, process, source, records, untilMs }) {
  const { phases, keepAlive = false, arrivals = 'poisson', noise = 0.1, timeoutMs = 6000, claimsNoWait = false, connected = false, retries } = source
  const burst = typeof arrivals === 'number' ? arrivals : arrivals.batches ?? 1
  const isPoisson = arrivals === 'poisson' || arrivals.batches > 1
  const idleConnections = []
  if (source.clients === undefined) schedule(0)
  else for (let i = 0; i < source.clients; i++) agenda.at(0, (time) => send(time))

  function schedule (now) {
    const rate = source.rate(toMs(now))
    const gap = rate > 0 ? ms(1000) * burst / rate : ms(LOOK_AGAIN_MS)
    const next = now + (isPoisson && rate > 0 ? random.exponential(gap) : gap)
    if (next > ms(untilMs)) return
    agenda.at(next, (time) => {
      if (source.rate(toMs(time)) > 0) for (let i = 0; i < burst; i++) send(time)
      schedule(time)
    })
  }

  function send (now, first = now, attempt = 1) {
    const client = typeof source.client === 'function' ? source.client(random) : source.client
    const record = { class: source.class ?? 0, client, priority: source.priority, patience: source.patienceMs, sent: now, first, status: 0, end: Infinity }
    records.push(record)
    const finish = (status, time) => {
      if (record.status !== 0) return false
      record.status = status
      record.end = time
      if (status !== 200 && attempt < retries?.attempts) {
        const [least, most] = retries.pauseMs
        agenda.at(time + ms(least + random.uniform() * (most - least)), (now) => send(now, first, attempt + 1))
      }
      if (source.clients !== undefined) agenda.at(time + ms(2 * source.pauseMs * random.uniform()), (now) => send(now))
      return true
    }
    const connection = keepAlive && connected ? {} : idleConnections.pop()
    const request = {
      connection: connection ?? {},
      server: source.server ?? 0,
      class: record.class,
      client,
      weight: source.weight ?? 1,
      priority: source.priority,
      patience: source.patienceMs && ms(source.patienceMs),
      claimsNoWait,
      queued: false,
      phases,
      phase: 0,
      arrived: now,
      judged: (admitted, time) => { record.judged = { admitted, time } },
      spilled: () => { record.spilled = true },
      lasting: (duration) => ms(typeof duration === 'function' ? duration(random) : random.around(duration, noise)),
      // Called during a turn; the client sees the answer when the turn has reached this time.
      answer: (status, time) => agenda.at(time, () => {
        if (finish(status, time) && keepAlive) idleConnections.push(request.connection)
      })
    }
    agenda.at(now + ms(timeoutMs), (time) => {
      if (finish(-1, time)) process.hangUp(request)
    })
    if (connection !== undefined) process.receive(request)
    else connect(request, now, 0)
  }

  function connect (request, now, attempt) {
    request.arrived = now
    if (process.connect(request) || attempt === SYN_RETRIES_MS.length) return
    agenda.at(now + ms(SYN_RETRIES_MS[attempt]), (time) => connect(request, time, attempt + 1))
  }
}

module.exports = startTraffic
