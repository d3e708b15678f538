'use strict'

const assert = require('node:assert/strict')
const { simulate } = require('../simulator')
const { spillway } = require('../simulator/controllers')
const { figures } = require('../simulator/figures')
const { note } = require('../simulator/note')
const { fiveSteps } = require('../simulator/workloads')

const CAPACITY = 180
const PAUSE_MS = 30
const LIMIT_MS = 150

// As wrk does, with connections that are open before the first request. The first responses are slow because all clients
// begin at once, so they say nothing about the time that a request takes alone.
describe('clients that each wait for their answers, and begin at once on a server that has just started', () => {
  for (const clients of [40, 80, 160]) {
    for (const [what, splitMs] of [['a single class', Infinity], ['a class formed after the first requests', 100], ['a class formed after the first answers', 300]]) {
      it(`are limited: ${clients} of them, with ${what}`, function () {
        const controller = spillway()
        const source = { class: 0, phases: fiveSteps, clients, pauseMs: PAUSE_MS, keepAlive: true, connected: true }
        const form = () => {
          controller.split(1, 0.9)
          source.class = 1
        }
        const script = splitMs === Infinity ? [] : [[splitMs, form]]
        const records = simulate({ controller, durationMs: 9000, sources: [source], script })
        const { goodput, p99 } = note(this, figures(records, { fromMs: 3000, untilMs: 8000 }))
        assert(p99 <= LIMIT_MS, `p99 ${p99} ms`)
        assert(goodput >= 0.8 * CAPACITY, `goodput ${goodput}`)
      })
    }
  }
})
