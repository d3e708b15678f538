'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { mock } = require('node:test')
const readiness = require('../../lib/readiness.js')

const random = Math.random

/** What a gate counts, as far as readiness looks. */
class FakeGate {
  admitted = 0
  shed = 0

  stats () {
    return { admitted: this.admitted, shed: this.shed }
  }
}

/** Seconds of a virtual clock, in each of which the gate is asked the same. */
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
  /** Of notReadyAfter 10, readyAfter 5. */
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

  it('turns false after seconds of standing overload, and not before', () => {
    seconds(9, gate, overloaded)
    assert.equal(ready(), true)
    seconds(1, gate, overloaded)
    assert.equal(ready(), false)
  })

  for (const [what, between] of [
    ['a second that served more', { admitted: 11, shed: 89 }],
    ['a second without requests', {}]
  ]) {
    it(`begins to count again after ${what}`, () => {
      seconds(9, gate, overloaded)
      seconds(1, gate, between)
      seconds(9, gate, overloaded)
      assert.equal(ready(), true)
      seconds(1, gate, overloaded)
      assert.equal(ready(), false)
    })
  }

  it('takes a pause of the loop for one second, however much was refused after it', () => {
    gate.shed += 10_000
    mock.timers.tick(1000)
    seconds(8, gate, overloaded)
    assert.equal(ready(), true)
  })

  describe('once false', () => {
    beforeEach(() => seconds(10, gate, overloaded))

    it('turns true after seconds of calm, and not before', () => {
      seconds(4, gate, calm)
      assert.equal(ready(), false)
      seconds(1, gate, calm)
      assert.equal(ready(), true)
    })

    it('takes no requests at all for calm, as none are sent', () => {
      seconds(5, gate, {})
      assert.equal(ready(), true)
    })

    it('stays false between the two shares', () => {
      seconds(100, gate, { admitted: 55, shed: 45 })
      assert.equal(ready(), false)
      seconds(5, gate, { admitted: 56, shed: 44 })
      assert.equal(ready(), true)
    })

    it('needs the whole time again after it turned true', () => {
      seconds(5, gate, calm)
      seconds(9, gate, overloaded)
      assert.equal(ready(), true)
      seconds(1, gate, overloaded)
      assert.equal(ready(), false)
    })
  })

  it('takes its options', () => {
    start({ refusing: 0.5, notReadyAfter: 2, readyAfter: 1 })
    seconds(100, gate, { admitted: 51, shed: 49 })
    assert.equal(ready(), true)
    seconds(2, gate, { admitted: 50, shed: 50 })
    assert.equal(ready(), false)
    seconds(1, gate, calm)
    assert.equal(ready(), true)
  })

  it('is jittered, up to twice as long', () => {
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

  it('close() ends the watching', () => {
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
    it(`says what is wrong: ${message.source}`, () => assert.throws(() => readiness(given, options), message))
  }
})

describe('docs/routing.md', () => {
  const page = fs.readFileSync(path.join(__dirname, '..', '..', 'docs', 'routing.md'), 'utf8')

  for (const [name, value] of [['refusing', 0.9], ['notReadyAfter', 10], ['readyAfter', 5]]) {
    it(`tells what ${name} takes, and its default`, () => {
      assert.throws(() => readiness(new FakeGate(), { [name]: null }), ({ message }) => {
        const [, takes] = message.match(/ takes (.*), got null$/)
        return page.includes(`\n| \`${name}\` | ${takes} | ${value} |`)
      })
    })
  }
})

/**
 * Instances behind a balancer that shares requests out among those that are ready.
 *
 * @param {number[]} capacities requests a second that each can serve
 * @param {number} offered requests a second
 * @returns {number[]} how many seconds of ten minutes each was ready
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
    it(`loses no instance to ${load} times what it can serve`, () => {
      assert.deepEqual(tenMinutesOfFleet([100, 100, 100], load * 300), [600, 600, 600])
    })
  }

  it('loses the one that can serve nothing, and none of those that get its share', () => {
    const [stuck, ...others] = tenMinutesOfFleet([0, 100, 100], 250)
    assert.ok(stuck < 450, `ready for ${stuck} s`)
    assert.deepEqual(others, [600, 600])
  })

  it('would lose all, one after the other, were it to count that some are refused', () => {
    const secondsReady = tenMinutesOfFleet([100, 100, 100], 450, { refusing: 0.01 })
    assert.ok(secondsReady.every(seconds => seconds < 500), `${secondsReady}`)
  })
})
