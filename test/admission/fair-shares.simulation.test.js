'use strict'

const assert = require('node:assert/strict')
const { simulate, loopCapacity } = require('../simulator')
const { spillway } = require('../simulator/controllers')
const { figures, refusedOfJudged } = require('../simulator/figures')
const { note } = require('../simulator/note')
const { ms } = require('../simulator/units')
const { fiveSteps, query } = require('../simulator/workloads')

const POOL = 20
const POOL_CAPACITY = POOL * 1000 / 50
const MEASURED = { fromMs: 5000, untilMs: 35000 }
const MANY = 10_000

const kinds = [true, false].map(keepAlive => ({ keepAlive, over: `over ${keepAlive ? 'kept-alive' : 'new'} connections` }))

/** Runs clients that send requests of 5 ms of CPU in five turns; `rate` is a function of the time and of the capacity. */
function run (clients, { keepAlive, measured = MEASURED, seed }) {
  const capacity = loopCapacity(fiveSteps, { keepAlive })
  const controller = spillway({ fair: true })
  const records = simulate({
    controller,
    durationMs: measured.untilMs + 2000,
    seed,
    sources: clients.map(({ rate, ...client }) => ({
      phases: fiveSteps, ...client, keepAlive, connected: keepAlive, rate: (timeMs) => rate(timeMs) * capacity
    }))
  })
  const of = (isWanted) => {
    const { useful, goodput } = figures(records.filter(({ client }) => isWanted(client)), measured)
    return { served: useful, used: goodput / capacity }
  }
  return { of, all: of(() => true), records, controller }
}

const constantly = (rate) => () => rate
const named = (name) => (client) => client === name
const isLight = (client) => client.startsWith('light')
const lights = (count, times) => Array.from({ length: count }, (_, i) => ({ client: `light ${i}`, rate: constantly(times) }))
const isOf = (group) => (client) => client.startsWith(group)

/** Jain's fairness index: 1 if all values are equal, and 1 / n if one of n has everything. */
function jain (values) {
  const sum = values.reduce((a, b) => a + b)
  return sum ** 2 / (values.length * values.reduce((a, b) => a + b ** 2, 0))
}

describe('fair shares', () => {
  for (const { keepAlive, over } of kinds) {
    describe(over, () => {
      for (const times of [1, 2, 5]) {
        it(`clients that ask for less than their share hardly notice one at ${times}x, which gets the rest`, function () {
          const { of, all } = run([{ client: 'heavy', rate: constantly(times) }, ...lights(10, 0.05)], { keepAlive })
          const { light } = note(this, { light: of(isLight).served, heavy: of(named('heavy')).used, all: all.used })
          assert.ok(light >= 0.98)
          assert.ok(all.used >= (times < 5 ? 0.93 : 0.88)) // each refusal costs 60 to 115 microseconds of the capacity
        })
      }

      it('clients that ask for more than their share get the same, however hard they push', function () {
        const { of } = run([
          { client: 'a', rate: constantly(3) }, { client: 'b', rate: constantly(0.7) }, ...lights(10, 0.03)
        ], { keepAlive })
        const { a, b, light } = note(this, { a: of(named('a')).used, b: of(named('b')).used, light: of(isLight).served })
        assert.ok(light >= 0.98)
        assert.ok(a / b >= 0.8 && a / b <= 1.8) // what is left over goes to those who ask for it
      })

      it('shares follow the weights', function () {
        const { of } = run([{ client: 'a', weight: 3, rate: constantly(2) }, { client: 'b', weight: 1, rate: constantly(2) }], { keepAlive })
        const { a, b } = note(this, { a: of(named('a')).used, b: of(named('b')).used })
        assert.ok(a / b >= 2 && a / b <= 4)
      })

      it('random names gain nothing, and cost the other clients nothing', function () {
        const { of } = run([{ client: (random) => `random ${random.uniform()}`, rate: constantly(5) }, ...lights(10, 0.05)], { keepAlive })
        const { light } = note(this, { light: of(isLight).served, random: of(isOf('random')).used })
        assert.ok(light >= 0.98)
      })

      it('of many clients that come rarely, hardly any is refused beside one at 5x', function () {
        const { of } = run([
          { client: 'heavy', rate: constantly(5) }, { client: (random) => `rare ${Math.floor(random.uniform() * MANY)}`, rate: constantly(0.6) }
        ], { keepAlive })
        const { rare } = note(this, { rare: of(isOf('rare')).served, heavy: of(named('heavy')).used })
        assert.ok(rare >= 0.9)
      })

      it('of 10,000 equal clients at 2x, half of the requests are served', function () {
        const { all } = run([{ client: (random) => `rare ${Math.floor(random.uniform() * MANY)}`, rate: constantly(2) }], { keepAlive })
        assert.ok(note(this, { used: all.used }).used >= 0.93)
      })

      it('twenty equal clients at 1.2x get the same over 10 s, within 15 %', function () {
        // Evenly spaced, because random numbers of requests would differ by more than 10 %; and not all at the same moments.
        const clients = Array.from({ length: 20 }, (_, i) => ({
          client: `equal ${i}`, arrivals: 'clock', rate: constantly(0.06 * (1 + (i - 10) / 500))
        }))
        const { of, all } = run(clients, { keepAlive, measured: { fromMs: 10_000, untilMs: 20_000 } })
        const shares = clients.map(({ client }) => of(named(client)).used)
        const mean = all.used / shares.length
        const { least, most, jain: index } = note(this, {
          least: Math.min(...shares) / mean, most: Math.max(...shares) / mean, jain: jain(shares), used: all.used
        })
        assert.ok(least >= 0.85 && most <= 1.15)
        assert.ok(index >= 0.99)
        assert.ok(all.used >= 0.95)
      })

      it('when a heavy client appears and leaves, the others hardly notice', function () {
        const rate = (timeMs) => timeMs > 10_000 && timeMs < 20_000 ? 5 : 0
        const { records } = run([{ client: 'heavy', rate }, ...lights(10, 0.05)], { keepAlive, measured: { fromMs: 0, untilMs: 30_000 } })
        const light = records.filter(({ client, sent }) => isLight(client) && sent > ms(10_000) && sent < ms(30_000))
        const lost = light.filter(({ status }) => status !== 200)
        const firstSecond = lost.filter(({ sent }) => sent < ms(11_000)).length / lost.length
        const share = note(this, { lost: lost.length / light.length, firstSecond }).lost
        assert.ok(share <= 0.02)
        assert.ok(lost.every(({ sent }) => sent < ms(21_000)))
      })

      it('a client that sends in bursts takes nothing from the steady ones', function () {
        const bursts = (timeMs) => timeMs % 4000 < 1000 ? 4 : 0
        const { of } = run([{ client: 'bursts', rate: bursts }, { client: 'heavy', rate: constantly(1) }, ...lights(5, 0.05)], { keepAlive })
        const { light } = note(this, { light: of(isLight).served, bursts: of(named('bursts')).used, heavy: of(named('heavy')).used })
        assert.ok(light >= 0.97)
      })

      it('a share is of the time used, not of the number of requests', function () {
        const costly = [5, 5, 5, 5, 5].map((cpu) => ({ cpu }))
        const { of } = run([
          { client: 'costly', class: 1, phases: costly, rate: constantly(0.4) }, { client: 'cheap', rate: constantly(2) }, ...lights(5, 0.05)
        ], { keepAlive })
        const { light, costly: a, cheap: b } = note(this, {
          light: of(isLight).served, costly: 5 * of(named('costly')).used, cheap: of(named('cheap')).used
        })
        assert.ok(light >= 0.95)
        assert.ok(a / b >= 0.5 && a / b <= 2)
      })
    })
  }

  it('apply to a pool that the requests wait for', function () {
    const records = simulate((pool) => {
      const phases = query(pool(POOL))
      const source = (client, times) => ({ client, phases, rate: () => times * POOL_CAPACITY, keepAlive: true, connected: true })
      return {
        controller: spillway({ fair: true }),
        durationMs: MEASURED.untilMs + 2000,
        sources: [source('heavy', 5), ...Array.from({ length: 10 }, (_, i) => source(`light ${i}`, 0.05))]
      }
    })
    const light = figures(records.filter(({ client }) => isLight(client)), MEASURED)
    const values = note(this, { light: light.useful, used: figures(records, MEASURED).goodput / POOL_CAPACITY })
    assert.ok(values.light >= 0.98)
    assert.ok(values.used >= 0.97)
  })

  it('in a dry run, would refuse hardly any request of light clients', function () {
    const capacity = loopCapacity(fiveSteps, { keepAlive: true })
    // A dry run must first see the server without overload, and its clients must be patient.
    const source = (client, times) => ({
      client, phases: fiveSteps, rate: (timeMs) => (timeMs < MEASURED.fromMs ? times / 5 : times) * capacity, keepAlive: true, connected: true, timeoutMs: 1e6
    })
    const records = simulate({
      controller: spillway({ fair: true, dryRun: true }),
      dryRun: true,
      durationMs: MEASURED.untilMs,
      sources: [source('heavy', 1.5), ...Array.from({ length: 10 }, (_, i) => source(`light ${i}`, 0.05))]
    })
    const shed = (isWanted) => refusedOfJudged(records.filter(({ client }) => isWanted(client)), MEASURED)
    const { light, heavy } = note(this, { light: shed(isLight), heavy: shed(named('heavy')) })
    assert.ok(light <= 0.05)
    assert.ok(heavy >= 0.55 && heavy <= 0.75) // ideally, two of three
  })

  it('change nothing as long as nothing has to be refused', function () {
    const { all, controller } = run([{ client: 'heavy', rate: constantly(0.5) }, ...lights(5, 0.05)], { keepAlive: true })
    assert.equal(note(this, { served: all.served }).served, 1)
    assert.deepEqual(controller.clients(ms(MEASURED.untilMs)), [])
  })

  it('the figures of the clients show who used how much, and how much was refused', () => {
    const { controller } = run([{ client: 'heavy', rate: constantly(5) }, ...lights(10, 0.05)], { keepAlive: true })
    const list = controller.clients(ms(MEASURED.untilMs))
    const byName = new Map(Array.from({ length: list.length / 3 }, (_, i) => [list[3 * i], { share: list[3 * i + 1], refused: list[3 * i + 2] }]))
    assert.equal(byName.size, 11)
    const heavy = byName.get('heavy')
    assert.ok(heavy.share >= 0.35 && heavy.share <= 0.6)
    assert.ok(heavy.refused >= 0.85 && heavy.refused <= 0.95)
    assert.ok(byName.get('light 3').share <= 0.1)
    assert.ok(byName.get('light 3').refused <= 0.1)
  })
})
