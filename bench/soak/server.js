'use strict'

/** The server of the soak: Express behind guard(), with many routes. It reports its own figures on request. */

const { once } = require('node:events')
const fs = require('node:fs')
const v8 = require('node:v8')
const { runInNewContext } = require('node:vm')

const express = require('express')

const { guard } = require('../../lib/adapters/http')
const answer = require('../child/answer')
const { routes } = require('../workloads/cpu-steps')
const { PATTERNS } = require('./settings')

const MAX_DELAY_MS = 100

v8.setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

let gate

async function start () {
  const app = express()
  for (let i = 0; i < PATTERNS; i++) {
    app.get(`/route${i}/:id`, async (req, res) => {
      await routes['/'](req)
      res.send('done\n')
    })
  }
  const server = app.listen(0, '127.0.0.1')
  gate = guard(server, { maxDelay: MAX_DELAY_MS })
  await once(server, 'listening')
  return { port: server.address().port }
}

/**
 * @typedef {{ rss: number, heapUsed: number, descriptors: number, admitted: number, shed: number, inFlight: number, controller: number }} Figures
 *   bytes and counts; `controller`: requests in flight by the admission controller's count
 *
 * @returns {Figures} after a garbage collection, so that memory is what the server retains
 */
function figures () {
  collect()
  const { rss, heapUsed } = process.memoryUsage()
  const { admitted, shed, inFlight } = gate.stats()
  const controller = gate.snapshot().classes.reduce((sum, { inFlight }) => sum + inFlight, 0)
  return { rss, heapUsed, descriptors: fs.readdirSync('/proc/self/fd').length, admitted, shed, inFlight, controller }
}

const questions = { start, figures }

answer(({ ask }) => questions[ask]())
