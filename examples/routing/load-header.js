'use strict'

// An instance that reports its load with every answer, for a client or a balancer that chooses among several instances. The
// format is ORCA, which Envoy reads. The figures are the wait of a request that arrives now, as a share of `maxDelay` and
// in ms.

const { once } = require('node:events')
const http = require('node:http')

const express = require('express')

const toobusy = require('spillway')
const spillway = require('spillway/express')

const { ask, hold, holdOne, startInstance } = require('./support/instance.js')

const MAX_DELAY_MS = 100
const FRESH_FOR_MS = 20 // so the header is computed at most fifty times a second

function loadHeader (gate) {
  let header
  let staleAt = 0
  return (req, res, next) => {
    const now = performance.now()
    if (now >= staleAt) {
      const delay = toobusy.delay()
      header = 'JSON ' + JSON.stringify({
        application_utilization: delay / MAX_DELAY_MS,
        rps_fractional: gate.snapshot().classes.reduce((sum, { completionRate }) => sum + completionRate, 0),
        named_metrics: { delay_ms: delay, lag_ms: toobusy.lag() }
      })
      staleAt = now + FRESH_FOR_MS
    }
    res.set('Endpoint-Load-Metrics', header)
    next()
  }
}

function serve () {
  const app = express()
  // maxInFlight: 1 makes one held request an overload. Omit it in a real server, which finds its limit by itself.
  const gate = spillway({ maxDelay: MAX_DELAY_MS, maxInFlight: 1 })
  app.use(loadHeader(gate)) // before the gate, so that a 503 has the header too
  app.use(gate)
  app.get('/', (req, res) => res.send('hello'))
  app.post('/hold', hold)
  app.get('/report', (req, res) => {
    res.flushHeaders()
    const end = performance.now() + 500
    while (performance.now() < end); // simulates a long synchronous call, which delays all other requests
    res.end()
  })
  const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
  process.once('disconnect', () => process.exit())
}

// From here on: a client for the demonstration.

async function demonstrate () {
  const instance = await startInstance('instance')
  await ask(instance.port)
  print('idle', await ask(instance.port))
  const [report] = await once(http.get({ host: '127.0.0.1', port: instance.port, path: '/report' }), 'response')
  print('behind a long call', await ask(instance.port))
  await once(report.resume(), 'end')
  const release = await holdOne(instance.port)
  print('refused', await ask(instance.port))
  await release()
  instance.stop()
}

function print (situation, { status, headers }) {
  console.log(situation.padEnd(20), `${status} ${headers['endpoint-load-metrics']}`)
}

if (process.argv[2] === undefined) demonstrate()
else serve()
