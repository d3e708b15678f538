'use strict'

const assert = require('node:assert/strict')
const { simulate } = require('../simulator')
const { spillway } = require('../simulator/controllers')
const { bimodal, exponential, lognormal } = require('../simulator/distributions')
const { figures } = require('../simulator/figures')
const { note } = require('../simulator/note')

const POOL = 20
const CALM_MS = 5000
const DURATION_MS = 60000
const SEEDS = [1, 2, 3]
const STEADY = { fromMs: 10000, untilMs: 58000, usefulMs: 5000 }

const SERVICES = [
  { what: '20 ms, and a fifth of them 200 ms', io: bimodal(0.2, 20, 200), meanMs: 56 },
  { what: '5 ms, and a twentieth of them 300 ms', io: bimodal(0.05, 5, 300), meanMs: 19.75 },
  { what: '50 ms, exponentially distributed', io: exponential(50), meanMs: 50 },
  { what: '50 ms, lognormally distributed', io: lognormal(50, 1.2), meanMs: 50 }
]

// If a probe measured the requests that end first, the slow ones would be missing: the no-load response time would be less
// than half of the mean.
describe('a limit for requests of unequal duration on a pool', () => {
  for (const { what, io, meanMs } of SERVICES) {
    it(`knows their mean response time, and uses the whole pool: ${what}`, function () {
      const capacity = POOL / meanMs * 1000
      const shares = SEEDS.map((seed) => {
        const controller = spillway()
        const records = simulate((pool) => {
          const phases = [{ cpu: 0.2 }, { io, pool: pool(POOL) }, { cpu: 0.2 }]
          const rate = (now) => (now < CALM_MS ? 0.5 : 3) * capacity
          return { controller, seed, durationMs: DURATION_MS, sources: [{ phases, rate, keepAlive: true }] }
        })
        const { goodput } = note(this, figures(records, STEADY))
        const noLoadMs = controller.snapshotOf(0).noLoadNs / 1e6
        assert(Math.abs(noLoadMs / meanMs - 1) <= 0.25, `R ${noLoadMs} ms`)
        return goodput / capacity
      })
      // Chance moves the share of one run by 0.02.
      const mean = shares.reduce((sum, share) => sum + share) / shares.length
      assert(mean >= 0.97, `${mean} of the capacity`)
    })
  }
})
