'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { mock } = require('node:test')
const readiness = require('../../lib/readiness.js')

const random = Math.random

/** The counts of a gate that readiness() reads. */
class FakeGate {
  admitted = 0
  shed = 0

  stats () {
    return { admitted: this.admitted, shed: this.shed }
  }
}

/** Advances the virtual clock by `count` seconds, with the same requests in each. */
function seconds (count, gate, { admitted = 0, shed = 0 }) {
  for (let i = 0; i < count; i++) {
    gate.admitted += admitted
    gate.shed += shed
    mock.timers.tick(1000)
  }
}

const overloaded = { admitted: 5, shed: 95 }
const calm = { admitted: 100 }

describe('readiness()', () => {
  let gate
  let ready

  function start (options) {
    gate = new FakeGate()
    ready = readiness(gate, options)
  }

  beforeEach(() => {
    Math.random = () => 0 // no jitter
    mock.timers.enable({ apis: ['setInterval'] })
    start()
  })

  afterEach(() => {
    mock.timers.reset()
    Math.random = random
  })

  it('answers true at first', () => assert.equal(ready(), true))

  it('answers false after notReadyAfter seconds of overload, and not before', () => {
    seconds(9, gate, overloaded)
    assert.equal(ready(), true)
    seconds(1, gate, overloaded)
    assert.equal(ready(), false)
  })

  for (const [what, between] of [
    ['a second in which more requests were admitted', { admitted: 11, shed: 89 }],
    ['a second without requests', {}]
  ]) {
    it(`counts the overloaded seconds from 0 again after ${what}`, () => {
      seconds(9, gate, overloaded)
      seconds(1, gate, between)
      seconds(9, gate, overloaded)
      assert.equal(ready(), true)
      seconds(1, gate, overloaded)
      assert.equal(ready(), false)
    })
  }

  it('counts a pause of the event loop as one second, however many requests were shed after it', () => {
    gate.shed += 10_000
    mock.timers.tick(1000)
    seconds(8, gate, overloaded)
    assert.equal(ready(), true)
  })

  describe('once it has answered false,', () => {
    beforeEach(() => seconds(10, gate, overloaded))

    it('answers true after readyAfter calm seconds, and not before', () => {
      seconds(4, gate, calm)
      assert.equal(ready(), false)
      seconds(1, gate, calm)
      assert.equal(ready(), true)
    })

    it('counts a second without requests as calm, since a balancer sends none to an instance that is not ready', () => {
      seconds(5, gate, {})
      assert.equal(ready(), true)
    })

    it('still answers false while the share of shed requests is between half of the option refusing and refusing', () => {
      seconds(100, gate, { admitted: 55, shed: 45 })
      assert.equal(ready(), false)
      seconds(5, gate, { admitted: 56, shed: 44 })
      assert.equal(ready(), true)
    })

    it('needs notReadyAfter seconds of overload again after it has answered true', () => {
      seconds(5, gate, calm)
      seconds(9, gate, overloaded)
      assert.equal(ready(), true)
      seconds(1, gate, overloaded)
      assert.equal(ready(), false)
    })
  })

  it('obeys the options refusing, notReadyAfter and readyAfter', () => {
    start({ refusing: 0.5, notReadyAfter: 2, readyAfter: 1 })
    seconds(100, gate, { admitted: 51, shed: 49 })
    assert.equal(ready(), true)
    seconds(2, gate, { admitted: 50, shed: 50 })
    assert.equal(ready(), false)
    seconds(1, gate, calm)
    assert.equal(ready(), true)
  })

  it('adds a jitter of up to 100 % to notReadyAfter and readyAfter', () => {
    Math.random = () => 1 - Number.EPSILON
    start()
    seconds(19, gate, overloaded)
    assert.equal(ready(), true)
    seconds(1, gate, overloaded)
    assert.equal(ready(), false)
    seconds(9, gate, calm)
    assert.equal(ready(), false)
    seconds(1, gate, calm)
    assert.equal(ready(), true)
  })

  it('stops sampling after close()', () => {
    ready.close()
    seconds(20, gate, overloaded)
    assert.equal(ready(), true)
  })

  for (const [given, options, message] of [
    [undefined, {}, /takes a gate, got undefined/],
    [{}, {}, /takes a gate, got an object/],
    [new FakeGate(), { notReadyAfter: 0 }, /option "notReadyAfter" takes a whole number of seconds from 1 to 3600, got 0/],
    [new FakeGate(), { readyAfter: '5' }, /option "readyAfter" takes .* got "5"/],
    [new FakeGate(), { refusing: 1.1 }, /option "refusing" takes a number above 0, up to 1, got 1.1/],
    [new FakeGate(), { after: 5 }, /spillway\/readiness: unknown option "after"; docs\/routing\.md lists the options$/],
    [new FakeGate(), { notReadyafter: 5 }, /unknown option "notReadyafter"\. Did you mean "notReadyAfter"\?$/]
  ]) {
    it(`throws for a wrong argument or option: ${message.source}`, () => assert.throws(() => readiness(given, options), message))
  }
})

describe('The options table of docs/routing.md', () => {
  const page = fs.readFileSync(path.join(__dirname, '..', '..', 'docs', 'routing.md'), 'utf8')

  for (const [name, value] of [['refusing', 0.9], ['notReadyAfter', 10], ['readyAfter', 5]]) {
    it(`says what ${name} takes and what its default is`, () => {
      assert.throws(() => readiness(new FakeGate(), { [name]: null }), ({ message }) => {
        const [, takes] = message.match(/ takes (.*), got null$/)
        return page.includes(`\n| \`${name}\` | ${takes} | ${value} |`)
      })
    })
  }
})

/**
 * Simulates ten minutes of a fleet behind a load balancer that distributes requests evenly among the ready instances.
 *
 * @param {number[]} capacities requests a second that each instance can serve
 * @param {number} offered requests a second, for all instances together
 * @returns {number[]} how many seconds each instance was ready
 */
function simulateTenMinutes (capacities, offered, options) {
  const fleet = capacities.map(capacity => {
    const gate = new FakeGate()
    return { capacity, gate, ready: readiness(gate, options), secondsReady: 0 }
  })
  for (let second = 0; second < 600; second++) {
    const ready = fleet.filter(instance => instance.ready())
    for (const instance of ready) {
      const load = offered / ready.length
      const admitted = Math.min(load, instance.capacity)
      instance.gate.admitted += admitted
      instance.gate.shed += load - admitted
      instance.secondsReady++
    }
    mock.timers.tick(1000)
  }
  return fleet.map(({ secondsReady }) => secondsReady)
}

describe('readiness() in a simulated fleet', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setInterval'] }))
  afterEach(() => mock.timers.reset())

  for (const load of [0.9, 1.5, 3, 6]) {
    it(`keeps every instance ready at ${load} times the capacity of the fleet`, () => {
      assert.deepEqual(simulateTenMinutes([100, 100, 100], load * 300), [600, 600, 600])
    })
  }

  it('removes the instance that can serve nothing, and no instance that gets a part of its load', () => {
    const [stuck, ...others] = simulateTenMinutes([0, 100, 100], 250)
    assert.ok(stuck < 450, `ready for ${stuck} s`)
    assert.deepEqual(others, [600, 600])
  })

  it('would remove all instances, one after the other, if a small share of shed requests counted as overload', () => {
    const secondsReady = simulateTenMinutes([100, 100, 100], 450, { refusing: 0.01 })
    assert.ok(secondsReady.every(seconds => seconds < 500), `${secondsReady}`)
  })
})
