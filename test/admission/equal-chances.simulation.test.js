'use strict'

const assert = require('node:assert/strict')
const { simulate, loopCapacity } = require('../simulator')
const { spillway } = require('../simulator/controllers')
const { figures } = require('../simulator/figures')
const { note } = require('../simulator/note')
const { fiveSteps, query } = require('../simulator/workloads')

const POOL = 20
const LIGHT = 10
const MEASURED = { fromMs: 3000, untilMs: 43000 }

/** For a server with one heavy and ten light clients of 0.05x each, the share that it serves of each kind's requests. */
function shares (times, phasesOf, { keepAlive }) {
  const records = simulate((pool) => {
    const { phases, capacity } = phasesOf(pool, keepAlive)
    const light = { client: 'light', phases, rate: () => 0.05 * capacity, keepAlive }
    return {
      controller: spillway(),
      spill: true,
      durationMs: MEASURED.untilMs + 2000,
      sources: [{ client: 'heavy', phases, rate: () => times * capacity, keepAlive }, ...Array(LIGHT).fill(light)]
    }
  })
  const of = (name) => figures(records.filter(({ client }) => client === name), MEASURED).useful
  return { heavy: of('heavy'), light: of('light') }
}

// The system reports connections that were active in the last turn first. If these took the free places, the light clients
// would get half as much at 5x, and nothing at 34x.
describe('equal requests have equal chances', () => {
  for (const [what, phasesOf] of Object.entries({
    '5 ms in five turns': (pool, keepAlive) => ({ phases: fiveSteps, capacity: loopCapacity(fiveSteps, { keepAlive }) }),
    'a pool': (pool) => ({ phases: query(pool(POOL)), capacity: POOL * 1000 / 50 })
  })) {
    for (const keepAlive of [true, false]) {
      for (const times of [1, 5, 34]) {
        it(`beside a client at ${times}x, for ${what} over ${keepAlive ? 'kept-alive' : 'new'} connections`, function () {
          const { heavy, light } = note(this, shares(times, phasesOf, { keepAlive }))
          const ratio = light / heavy
          assert(ratio >= 0.8 && ratio <= 1.25, `ratio ${ratio}`)
        })
      }
    }
  }
})
