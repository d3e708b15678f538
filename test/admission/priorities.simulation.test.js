'use strict'

const assert = require('node:assert/strict')
const { simulate, loopCapacity } = require('../simulator')
const { spillway } = require('../simulator/controllers')
const { figures, refusedOfJudged } = require('../simulator/figures')
const { note } = require('../simulator/note')
const { ms } = require('../simulator/units')
const { fiveSteps, query } = require('../simulator/workloads')

const NAMES = ['critical', 'important', 'normal', 'background']
const POOL = 20
const POOL_CAPACITY = POOL * 1000 / 50
const MEASURED = { fromMs: 5000, untilMs: 35_000 }

const kinds = [true, false].map((keepAlive) => ({ keepAlive, over: `over ${keepAlive ? 'kept-alive' : 'new'} connections` }))

/** Runs requests of 5 ms of CPU in five turns. `rates`: how much of the capacity each level asks for, or a function of the time. */
function run (rates, { keepAlive, fair = false, ownClasses = false, measured = MEASURED, seed }) {
  const capacity = loopCapacity(fiveSteps, { keepAlive })
  const controller = spillway({ priorities: true, fair })
  const rateOf = (priority, timeMs) => typeof rates === 'function' ? rates(timeMs)[priority] : rates[priority]
  const records = simulate({
    controller,
    durationMs: measured.untilMs + 2000,
    seed,
    sources: NAMES.map((name, priority) => ({
      phases: fiveSteps,
      priority,
      class: ownClasses ? priority : 0,
      client: fair ? name : undefined,
      keepAlive,
      connected: keepAlive,
      rate: (timeMs) => rateOf(priority, timeMs) * capacity
    }))
  })
  return { ...levelsOf(records, capacity, measured), records, controller }
}

function levelsOf (records, capacity, measured) {
  const levels = NAMES.map((name, priority) => figures(records.filter((record) => record.priority === priority), measured))
  return { served: levels.map(({ useful }) => useful), p99: levels.map(({ p99 }) => p99), used: figures(records, measured).goodput / capacity }
}

const named = (values) => Object.fromEntries(values.map((value, i) => [NAMES[i], value]))

describe('priorities', () => {
  for (const { keepAlive, over } of kinds) {
    describe(over, () => {
      for (const { what, ownClasses } of [{ what: 'in one class', ownClasses: false }, { what: 'in a class for each level', ownClasses: true }]) {
        it(`at 3x with 20 % critical and 30 % background ${what}, all critical requests are served in time`, function () {
          const { served: [critical, , normal, background], p99, used } = run([0.6, 0, 1.5, 0.9], { keepAlive, ownClasses })
          note(this, { critical, normal, background, p99: p99[0], used })
          assert.ok(critical >= 0.99)
          assert.ok(p99[0] <= 150)
          assert.ok(background <= 0.06)
          assert.ok(normal >= 0.2)
          assert.ok(used >= 0.94)
        })
      }

      it('levels fill up from the top: each gets what those above leave', function () {
        for (const [rates, full, last] of [
          [[0.5, 0.6, 0.6, 0.6], 0, 1], [[0.2, 0.2, 0.9, 0.9], 1, 2], [[0.3, 0.3, 0.2, 2], 2, 3]
        ]) {
          const { served, used } = run(rates, { keepAlive })
          note(this, { rates: rates.join(' '), ...named(served), used })
          assert.ok(served.slice(0, full + 1).every((share) => share >= 0.98))
          assert.ok(served[last] <= 0.9)
          assert.ok(served.slice(last + 1).every((share) => share <= 0.2))
          assert.ok(used >= 0.93)
        }
      })

      it('a class below the cutoff is refused even if it needs little of the loop', function () {
        const { served: [critical, , , background] } = run([0.5, 0, 2, 0.05], { keepAlive, ownClasses: true })
        note(this, { critical, background })
        assert.ok(critical >= 0.99)
        assert.ok(background <= 0.3)
      })

      it('a level gets everything while those above are idle', function () {
        const { served, used } = run([0, 0, 0, 3], { keepAlive })
        assert.ok(note(this, { background: served[3], used }).used >= 0.94)
      })

      it('if critical requests alone exceed the capacity, as many as possible are served, and hardly any others', function () {
        const { served, used } = run([1.5, 0.5, 1, 0], { keepAlive })
        const { critical, important, normal } = note(this, { ...named(served), used })
        assert.ok(critical >= 0.6)
        assert.ok(important <= 0.03 && normal <= 0.03)
        assert.ok(used >= 0.93)
      })

      it('when a flood of background requests comes and goes, the others hardly notice', function () {
        const rates = (timeMs) => [0.3, 0, 0.3, timeMs > 10_000 && timeMs < 20_000 ? 5 : 0]
        const { records } = run(rates, { keepAlive, measured: { fromMs: 0, untilMs: 30_000 } })
        const others = records.filter(({ priority, sent }) => priority < 3 && sent > ms(10_000) && sent < ms(30_000))
        const lost = others.filter(({ status }) => status !== 200)
        const late = lost.filter(({ sent }) => sent > ms(11_000))
        note(this, { lost: lost.length / others.length, late: late.length / others.length })
        assert.ok(lost.length <= 0.03 * others.length)
        assert.ok(late.length <= 0.01 * others.length)
      })

      it('with fair shares, clients of the last level that is served share what is left', function () {
        const capacity = loopCapacity(fiveSteps, { keepAlive })
        const lights = Array.from({ length: 5 }, (_, i) => ({ client: `light ${i}`, rate: 0.04 }))
        const clients = [{ client: 'any', priority: 0, rate: 0.5 }, ...lights, { client: 'heavy', rate: 3 }, { client: 'light 0', priority: 3, rate: 1 }]
        const records = simulate({
          controller: spillway({ priorities: true, fair: true }),
          durationMs: MEASURED.untilMs + 2000,
          sources: clients.map(({ client, priority = 2, rate }) => ({
            phases: fiveSteps, client, priority, keepAlive, connected: keepAlive, rate: () => rate * capacity
          }))
        })
        const of = (isWanted) => figures(records.filter(isWanted), MEASURED).useful
        const { critical, light, background } = note(this, {
          critical: of(({ priority }) => priority === 0),
          light: of(({ client, priority }) => client.startsWith('light') && priority === 2),
          heavy: of(({ client }) => client === 'heavy'),
          background: of(({ priority }) => priority === 3)
        })
        assert.ok(critical >= 0.99)
        assert.ok(light >= 0.97)
        assert.ok(background <= 0.12)
      })
    })
  }

  it('hold for a pool of connections, too', function () {
    const records = simulate((pool) => ({
      controller: spillway({ priorities: true }),
      durationMs: MEASURED.untilMs + 2000,
      sources: [query(pool(POOL), 50)].flatMap((phases) => [0.6, 0, 1.5, 0.9].map((rate, priority) => ({
        phases, priority, rate: () => rate * POOL_CAPACITY, keepAlive: true, connected: true
      })))
    }))
    const { served: [critical, , normal, background], p99, used } = levelsOf(records, POOL_CAPACITY, MEASURED)
    note(this, { critical, normal, background, p99: p99[0], used })
    assert.ok(critical >= 0.99)
    assert.ok(background <= 0.06)
    assert.ok(used >= 0.95)
  })

  it('change nothing as long as nothing has to be refused', function () {
    for (const { keepAlive } of kinds) {
      const { served, controller } = run([0.2, 0.2, 0.2, 0.2], { keepAlive })
      for (const share of served) assert.equal(share, 1)
      assert.deepEqual(controller.priorities(), [0, 0, 0, 0, 2])
    }
  })

  it('change nothing if all requests have the same', function () {
    for (const { keepAlive } of kinds) {
      const capacity = loopCapacity(fiveSteps, { keepAlive })
      const [all, plain] = [{ priorities: true }, {}].map((options) => simulate({
        controller: spillway(options), durationMs: 20_000, sources: [{ phases: fiveSteps, priority: 2, keepAlive, rate: () => 3 * capacity }]
      }))
      assert.deepEqual(all.map(({ status }) => status), plain.map(({ status }) => status))
    }
  })

  it('in a dry run, would refuse no critical request', function () {
    const capacity = loopCapacity(fiveSteps, { keepAlive: true })
    const records = simulate({
      controller: spillway({ dryRun: true, priorities: true }),
      durationMs: 22_000,
      dryRun: true,
      sources: [0.4, 0, 0.4, 0.5].map((rate, priority) => ({ phases: fiveSteps, priority, keepAlive: true, connected: true, rate: () => rate * capacity }))
    })
    const [critical, , , background] = NAMES.map((name, i) => refusedOfJudged(records.filter(({ priority }) => priority === i), { fromMs: 5000, untilMs: 20_000 }))
    note(this, { critical, background })
    assert.ok(critical <= 0.02)
    assert.ok(background >= 0.4)
  })

  it('the figures show how much each level asks for, and where the capacity runs out', function () {
    const { controller } = run([0.6, 0, 1.5, 0.9], { keepAlive: false })
    const [critical, important, normal, background, cutoff] = controller.priorities()
    note(this, { critical, important, normal, background })
    assert.ok(Math.abs(critical - 0.6) < 0.15)
    assert.equal(important, 0)
    assert.ok(Math.abs(normal - 1.5) < 0.3)
    assert.ok(Math.abs(background - 0.9) < 0.2)
    assert.equal(NAMES[cutoff], 'normal')
  })
})
