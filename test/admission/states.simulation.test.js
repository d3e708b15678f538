'use strict'

const assert = require('node:assert/strict')
const { CLASS_STATES, STATE_REASONS } = require('../../lib/admission/controller')
const { simulate } = require('../simulator')
const { spillway } = require('../simulator/controllers')
const { ms } = require('../simulator/units')
const { query } = require('../simulator/workloads')

const POOL = 20
const CAPACITY = 400
const CALM = 0.5 * CAPACITY
const OVERLOAD = 3 * CAPACITY
const TURN_MS = 5

/**
 * The states that a class goes through while it uses a pool: when, and since when the controller says that it has been in
 * them.
 *
 * @param {(nowMs: number) => number} rate requests per second
 * @param {(nowMs: number) => number} ioMs for how long a request uses the pool
 */
function statesOf (rate, ioMs, durationMs) {
  const controller = spillway()
  const states = []
  const phases = []
  let use
  function turn (now, busyNs, queued) {
    controller.turn(now, busyNs, queued)
    const { state, stateReason, stateSince } = controller.snapshotOf(0)
    const text = `${CLASS_STATES[state]}: ${STATE_REASONS[stateReason]}`
    if (states.at(-1)?.text !== text) states.push({ text, at: now, since: stateSince })
    use(now / ms(1))
  }
  simulate((pool) => {
    const slots = pool(POOL)
    use = (nowMs) => phases.splice(0, phases.length, ...query(slots, ioMs(nowMs)))
    use(0)
    return { controller: { ...controller, turn }, durationMs, sources: [{ phases, rate, keepAlive: true }] }
  })
  return states
}

describe('the state of a class', () => {
  it('is told with its reason, from the first queue to the last refusal', () => {
    const states = statesOf((now) => now < 5000 || now > 22000 ? CALM : OVERLOAD, () => 50, 25000)
    assert.deepEqual(states.map(({ text }) => text), [
      'free: start',
      'limiting: queue',
      'draining: probe due',
      'probing: drained',
      'limiting: measured',
      'free: nothing refused'
    ])
    const [, queue, , , , free] = states
    assert(queue.at > ms(5000) && queue.at < ms(5500), `${queue.at}`)
    assert(free.at > ms(22000) && free.at < ms(24000), `${free.at}`)
    assert.equal(states[0].since, 0)
    for (const { at, since } of states.slice(1)) assert(since <= at && at - since < ms(TURN_MS), `${since} ${at}`)
  })

  it('tells that a second probe confirmed that a service has become slower', () => {
    const states = statesOf((now) => now < 3000 ? CALM : OVERLOAD, (now) => now < 8000 ? 50 : 150, 15000)
    const changes = states.map(({ text }) => text).filter((text) => text.startsWith('draining'))
    assert.deepEqual(changes.slice(0, 2), ['draining: capacity changed', 'draining: seems slower'])
    assert.equal(states.at(-1).text, 'limiting: measured')
    const first = states.find(({ text }) => text === changes[0])
    assert(first.at > ms(8000) && first.at < ms(9000), `${first.at}`)
    assert(states.at(-1).at < ms(11000), `${states.at(-1).at}`)
  })
})
