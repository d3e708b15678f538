'use strict'

// Separate probes for liveness and readiness. Liveness: should the process be killed? Overload is no reason, so /live is
// exempt. Readiness: should the process get requests? Yes, as long as it serves some of them: see docs/routing.md.

const { setTimeout: sleep } = require('node:timers/promises')

const express = require('express')

const spillway = require('spillway/express')
const readiness = require('spillway/readiness')

const { ask, hold, holdOne, startInstance } = require('./support/instance.js')

function serve () {
  const app = express()
  // maxInFlight: 1 makes one held request an overload. Omit it in a real server, which finds its limit by itself.
  const gate = spillway({ exempt: ['/live', '/ready'], maxInFlight: 1 })
  const ready = readiness(gate, { notReadyAfter: 2, readyAfter: 1 }) // s; this short only for the demonstration

  app.use(gate)
  app.get('/live', (req, res) => res.sendStatus(200))
  app.get('/ready', (req, res) => res.sendStatus(ready() ? 200 : 503))

  app.get('/', (req, res) => res.send('hello'))
  app.post('/hold', hold)
  const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
  process.once('disconnect', () => process.exit())
}

// From here on: a client and a prober for the demonstration.

const PATHS = ['/', '/live', '/ready']

async function demonstrate () {
  const instance = await startInstance('instance')

  async function answers () {
    const all = await Promise.all(PATHS.map(path => ask(instance.port, path)))
    return all.map(({ status }, i) => `${PATHS[i]} ${status}`).join(', ')
  }

  /** Asks until /ready answers differently. */
  async function show (what) {
    const before = await answers()
    let now
    do {
      await sleep(50)
      now = await answers()
    } while (now === before)
    print(what, before)
    print(`${what}, for seconds`, now)
  }

  print('idle', await answers())
  const release = await holdOne(instance.port)
  await show('overloaded')
  await release()
  await show('calm')
  instance.stop()
}

function print (situation, answers) {
  console.log(situation.padEnd(24), answers)
}

if (process.argv[2] === undefined) demonstrate()
else serve()
