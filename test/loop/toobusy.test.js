'use strict'

const assert = require('node:assert/strict')
const toobusy = require('spillway')
const { block, nextTurn } = require('../support/block.js')
const { run } = require('../support/child.js')
const { until } = require('../support/until.js')

describe('toobusy functions:', () => {
  afterEach(() => {
    toobusy.shutdown()
    toobusy.maxLag(70)
    toobusy.smoothingFactor(1 / 3)
    toobusy.interval(500)
  })

  describe('the setting', () => {
    const cases = [
      ['maxLag', 70, [10, 50, 1000], [[9, /Maximum lag should be greater than 10ms/], ['70', /MaxLag must be a number/], [-5, /greater than 10ms/]]],
      ['interval', 500, [16, 250], [[15, /Interval should be greater than 16ms/], ['500', /Interval must be a number/], [2 ** 31, /at most 2147483647ms/], [Infinity, /at most 2147483647ms/]]],
      ['smoothingFactor', 1 / 3, [0.1, 1], [[-1, /range \]0,1\]/], [1.1, /range \]0,1\]/], ['1', /NewFactor must be a number/]]]
    ]
    for (const [name, initial, good, bad] of cases) {
      it(`${name}() returns the current value, by default ${initial}`, () => {
        assert.equal(toobusy[name](), initial)
        for (const value of good) {
          assert.equal(toobusy[name](value), value)
          assert.equal(toobusy[name](), value)
        }
      })
      for (const [value, message] of bad) {
        it(`${name}(${typeof value === 'string' ? `'${value}'` : value}) throws and changes nothing`, () => {
          assert.throws(() => toobusy[name](value), { name: 'Error', message })
          assert.equal(toobusy[name](), initial)
        })
      }
    }

    // As in toobusy-js.
    for (const [name, initial] of cases) {
      for (const falsy of [0, null, NaN, '', false]) {
        it(`${name}(${falsy === '' ? "''" : falsy}) only reads the value`, () => assert.equal(toobusy[name](falsy), initial))
      }
    }

    it('functions round values to whole ms', () => {
      assert.equal(toobusy.maxLag(20.4), 20)
      assert.equal(toobusy.interval(20.6), 21)
    })

    it('onLag() accepts only a function and a number', () => {
      assert.throws(() => toobusy.onLag('log'), /Listener must be a function/)
      assert.throws(() => toobusy.onLag(() => {}, 'much'), /Threshold must be a number/)
    })
  })

  describe('lag()', () => {
    it('does not grow on an idle loop', async () => {
      toobusy.interval(16)
      await new Promise((resolve) => setTimeout(resolve, 400))
      assert.ok(toobusy.lag() < 300, `${toobusy.lag()}`)
    })

    it('is the lateness of a timer', async () => {
      toobusy.smoothingFactor(1)
      toobusy.interval(50)
      await nextTurn()
      block(250)
      await nextTurn() // the timer has fired
      assert.ok(toobusy.lag() >= 190, `${toobusy.lag()}`)
      assert.ok(Number.isInteger(toobusy.lag()))
    })

    it('weights a late tick by the time that it covers', async () => {
      toobusy.smoothingFactor(1 / 3)
      toobusy.interval(50)
      await nextTurn()
      block(800)
      await nextTurn()
      // 16 intervals in one tick: 1 - (2/3)^16 is nearly 1; a third of the lateness would be 250.
      assert.ok(toobusy.lag() >= 700, `${toobusy.lag()}`)
    })

    it('is smoothed', async () => {
      toobusy.smoothingFactor(0.05)
      toobusy.interval(300)
      await nextTurn()
      block(450)
      await nextTurn()
      assert.ok(toobusy.lag() > 0 && toobusy.lag() < 75, `${toobusy.lag()}`)
    })

    it('starts again at 0 when the interval is set', async () => {
      toobusy.smoothingFactor(1)
      toobusy.interval(16)
      await nextTurn()
      block(200)
      await nextTurn()
      assert.ok(toobusy.lag() > 100)
      toobusy.interval(16)
      assert.equal(toobusy.lag(), 0)
    })
  })

  describe('delay()', () => {
    it('includes the turn that is running, before any timer fires', async () => {
      await nextTurn()
      block(150)
      assert.equal(toobusy.lag(), 0)
      assert.ok(toobusy.delay() >= 149, `${toobusy.delay()}`)
      assert.equal(toobusy(), true)
    })

    it('does not include the time for which the loop sleeps', async () => {
      await new Promise((resolve) => setTimeout(resolve, 400))
      assert.ok(toobusy.delay() < 200, `${toobusy.delay()}`)
    })
  })

  describe('toobusy()', () => {
    it('sheds nothing up to maxLag, everything from twice that, and a proportional share in between', async () => {
      const MAX = 300 // twice that is less than a turn that counts as a pause of the process
      const CHANCE = 0.06
      toobusy.maxLag(MAX)
      const shareAt = (delayMs) => Math.min(1, Math.max(0, (delayMs - MAX) / MAX))
      const judge = () => {
        const least = shareAt(toobusy.delay())
        const share = Array.from({ length: 2000 }, () => toobusy()).filter(Boolean).length / 2000
        const most = shareAt(toobusy.delay())
        const within = share >= (least === 1 ? 1 : least - CHANCE) && share <= (most === 0 ? 0 : most + CHANCE)
        assert.ok(within, `${share}, not ${least} to ${most}`)
      }
      await nextTurn()
      judge()
      block(1.5 * MAX - toobusy.delay())
      judge()
      block(Math.max(0, 2.1 * MAX - toobusy.delay()))
      assert.equal(shareAt(toobusy.delay()), 1)
      judge()
    })

    it('returns false after shutdown()', async () => {
      await nextTurn()
      block(200)
      assert.equal(toobusy(), true)
      toobusy.shutdown()
      assert.equal(toobusy(), false)
      assert.equal(toobusy.delay(), 0)
    })
  })

  describe('onLag()', () => {
    it('reports turns above the threshold only', async () => {
      toobusy.interval(50)
      const quiet = []
      toobusy.onLag((lagMs) => quiet.push(lagMs), 60_000)
      const told = new Promise((resolve) => toobusy.onLag(resolve, 100))
      await nextTurn()
      block(200)
      assert.ok(await told > 100)
      assert.deepEqual(quiet, [])
    })

    it('reports a turn once', async () => {
      toobusy.interval(20)
      const told = []
      toobusy.smoothingFactor(1)
      toobusy.onLag((lagMs) => told.push(lagMs), 300)
      await nextTurn()
      block(400)
      await until(() => told.length > 0)
      const before = told.length
      for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 20))
      assert.ok(told.length <= before + 1, `called ${told.length} times`)
    })

    it('uses maxLag as its default threshold', async () => {
      toobusy.maxLag(10_000)
      toobusy.interval(16)
      const told = []
      toobusy.onLag((lagMs) => told.push(lagMs))
      await nextTurn()
      block(100)
      await new Promise((resolve) => setTimeout(resolve, 60))
      assert.deepEqual(told, [])
    })

    it('is forgotten by shutdown()', async () => {
      toobusy.interval(16)
      toobusy.onLag(() => assert.fail('it was still called'), 1)
      toobusy.shutdown()
      toobusy.interval(16)
      await nextTurn()
      block(100)
      await new Promise((resolve) => setTimeout(resolve, 60))
    })
  })

  describe('shutdown()', () => {
    it('stops measuring until interval() is set', async () => {
      toobusy.shutdown()
      assert.equal(toobusy.started(), false)
      toobusy.shutdown()
      toobusy.interval(16)
      assert.equal(toobusy.started(), true)
      await nextTurn()
      block(100)
      assert.ok(toobusy.delay() >= 99)
    })

    it('leaves no subscription and no listener behind', async () => {
      const { stdout } = await run(`
        const diagnostics = require('node:diagnostics_channel')
        const http = require('node:http')
        const channel = diagnostics.channel('http.server.request.start')
        const toobusy = require('spillway')
        const server = http.createServer((req, res) => res.end())
        const before = server.listenerCount('close')
        server.listen(0, '127.0.0.1', () => http.get({ port: server.address().port, agent: false }, (res) => {
          res.resume().on('end', () => {
            const during = [channel.hasSubscribers, server.listenerCount('close') - before]
            toobusy.shutdown()
            console.log(...during, channel.hasSubscribers, server.listenerCount('close') - before)
            server.close()
          })
        }))
      `)
      assert.equal(stdout, 'true 1 false 0\n')
    })

    it('does not affect running gates', async () => {
      const { stdout } = await run(`
        const diagnostics = require('node:diagnostics_channel')
        const channel = diagnostics.channel('http.server.request.start')
        const toobusy = require('spillway')
        const gate = require('spillway/express')()
        toobusy.shutdown()
        console.log(channel.hasSubscribers)
        gate.close()
        console.log(channel.hasSubscribers)
      `)
      assert.equal(stdout, 'true\nfalse\n')
    })
  })
})
