'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { mock } = require('node:test')
const readiness = require('../../lib/readiness.js')

const random = Math.random

/** A gate, as far as readiness uses one. */
class FakeGate {
  admitted = 0
  shed = 0

  stats () {
    return { admitted: this.admitted, shed: this.shed }
  }
}

/** Lets seconds of a virtual clock pass, in each of which the gate counts the same. */
function seconds (count, gate, { admitted = 0, shed = 0 }) {
  for (let i = 0; i < count; i++) {
    gate.admitted += admitted
    gate.shed += shed
    mock.timers.tick(1000)
  }
}

const overloaded = { admitted: 5, shed: 95 }
const calm = { admitted: 100 }

describe('readiness', () => {
  /** Uses the defaults: notReadyAfter 10, readyAfter 5. */
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

  it('is true at first', () => assert.equal(ready(), true))

  it('turns false after ten seconds of overload, and not before', () => {
    seconds(9, gate, overloaded)
    assert.equal(ready(), true)
    seconds(1, gate, overloaded)
    assert.equal(ready(), false)
  })

  for (const [what, between] of [
    ['a second that served more', { admitted: 11, shed: 89 }],
    ['a second without requests', {}]
  ]) {
    it(`counts the seconds of overload again after ${what}`, () => {
      seconds(9, gate, overloaded)
      seconds(1, gate, between)
      seconds(9, gate, overloaded)
      assert.equal(ready(), true)
      seconds(1, gate, overloaded)
      assert.equal(ready(), false)
    })
  }

  it('counts a pause of the loop as one second, however much was refused after it', () => {
    gate.shed += 10_000
    mock.timers.tick(1000)
    seconds(8, gate, overloaded)
    assert.equal(ready(), true)
  })

  describe('once it is false,', () => {
    beforeEach(() => seconds(10, gate, overloaded))

    it('turns true after five calm seconds, and not before', () => {
      seconds(4, gate, calm)
      assert.equal(ready(), false)
      seconds(1, gate, calm)
      assert.equal(ready(), true)
    })

    it('counts seconds without requests as calm, as no requests are sent', () => {
      seconds(5, gate, {})
      assert.equal(ready(), true)
    })

    it('stays false while a share between the two thresholds is refused', () => {
      seconds(100, gate, { admitted: 55, shed: 45 })
      assert.equal(ready(), false)
      seconds(5, gate, { admitted: 56, shed: 44 })
      assert.equal(ready(), true)
    })

    it('needs ten seconds of overload again after it turned true', () => {
      seconds(5, gate, calm)
      seconds(9, gate, overloaded)
      assert.equal(ready(), true)
      seconds(1, gate, overloaded)
      assert.equal(ready(), false)
    })
  })

  it('uses its options', () => {
    start({ refusing: 0.5, notReadyAfter: 2, readyAfter: 1 })
    seconds(100, gate, { admitted: 51, shed: 49 })
    assert.equal(ready(), true)
    seconds(2, gate, { admitted: 50, shed: 50 })
    assert.equal(ready(), false)
    seconds(1, gate, calm)
    assert.equal(ready(), true)
  })

  it('takes up to twice as long through jitter', () => {
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

  it('no longer changes after close()', () => {
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
    [new FakeGate(), { after: 5 }, /unknown option "after"/]
  ]) {
    it(`rejects bad arguments: ${message.source}`, () => assert.throws(() => readiness(given, options), message))
  }
})

describe('docs/routing.md', () => {
  const page = fs.readFileSync(path.join(__dirname, '..', '..', 'docs', 'routing.md'), 'utf8')

  for (const [name, value] of [['refusing', 0.9], ['notReadyAfter', 10], ['readyAfter', 5]]) {
    it(`documents the values and the default of ${name}`, () => {
      assert.throws(() => readiness(new FakeGate(), { [name]: null }), ({ message }) => {
        const [, takes] = message.match(/ takes (.*), got null$/)
        return page.includes(`\n| \`${name}\` | ${takes} | ${value} |`)
      })
    })
  }
})

/**
 * Simulates instances behind a balancer that distributes requests evenly to those that are ready.
 *
 * @param {number[]} capacities requests a second that each can serve
 * @param {number} offered requests a second
 * @returns {number[]} for how many seconds of ten minutes each was ready
 */
function tenMinutesOfFleet (capacities, offered, options) {
  const fleet = capacities.map(capacity => {
    const gate = new FakeGate()
    return { capacity, gate, ready: readiness(gate, options), secondsReady: 0 }
  })
  for (let second = 0; second < 600; second++) {
    const ready = fleet.filter(instance => instance.ready())
    for (const instance of ready) {
      const asked = offered / ready.length
      const admitted = Math.min(asked, instance.capacity)
      instance.gate.admitted += admitted
      instance.gate.shed += asked - admitted
      instance.secondsReady++
    }
    mock.timers.tick(1000)
  }
  return fleet.map(({ secondsReady }) => secondsReady)
}

describe('readiness of a fleet', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setInterval'] }))
  afterEach(() => mock.timers.reset())

  for (const load of [0.9, 1.5, 3, 6]) {
    it(`keeps all instances at ${load} times their capacity`, () => {
      assert.deepEqual(tenMinutesOfFleet([100, 100, 100], load * 300), [600, 600, 600])
    })
  }

  it('drops an instance that can serve nothing, and none that take over its share', () => {
    const [stuck, ...others] = tenMinutesOfFleet([0, 100, 100], 250)
    assert.ok(stuck < 450, `ready for ${stuck} s`)
    assert.deepEqual(others, [600, 600])
  })

  it('would drop all instances, one after the other, if any refusal counted', () => {
    const secondsReady = tenMinutesOfFleet([100, 100, 100], 450, { refusing: 0.01 })
    assert.ok(secondsReady.every(seconds => seconds < 500), `${secondsReady}`)
  })
})
