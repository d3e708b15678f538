'use strict'

const assert = require('node:assert/strict')
const { setTimeout: sleep } = require('node:timers/promises')
const { binding } = require('../../lib/native/binding.js')
const { needs } = require('../support/needs.js')
const { closeOpened } = require('../support/opened.js')
const { queueingController, sendAtOnce, spillingSite } = require('../support/spill.js')
const { createTlsServer } = require('../support/tls.js')

const MANY = 12
// The loop itself accepts one connection in each turn, whatever its priority, and one that is refused by JavaScript is no more
// than that. The spill keeps one request of a lower priority, so that no capacity is left over.
const FEW = 4
// The spill keeps 256 connections.
const MORE_THAN_KEPT = 400
// Of these, so many do not wait too long.
const LONG_DELAY_MS = 1000

const countOf = (answers, status) => answers.filter((answer) => answer.status === status).length
const bodiesOf = (answers) => answers.filter(({ status }) => status === 200).map(({ body }) => body)

/**
 * A site whose controller has seen that critical requests ask for half of the loop's time, and important ones for the rest.
 * Requests of these two levels are served, and normal ones are below the cutoff.
 */
async function siteWithDemand (priority, maxDelayMs) {
  const controller = queueingController({ serves: true, maxDelayMs })
  controller.usePriorities()
  const window = (asked) => {
    for (const level of asked) controller.arrive(controller.now, 0, 1e9, 0, undefined, 1, level)
    controller.now += 1e8
    controller.queued(10_000)
    controller.turn(controller.now, 1e8, 0)
  }
  for (let i = 0; i < 20; i++) window(i % 2 === 0 ? [0, 1] : [1])
  assert.equal(controller.priorities().at(-1), 1)
  return spillingSite({ priority }, { controller })
}

describe('priorities in the spill', function () {
  before(function () {
    needs(this, 'waits from the kernel', binding.canSpill)
  })
  afterEach(closeOpened)

  for (const [what, priority, of] of [
    ['a path', { critical: '/critical/*', background: '/background' }, (level) => [`GET /${level === 'critical' ? 'critical/x?y' : level}`]],
    ['a header', { header: 'X-Priority', trust: '127.0.0.0/8' }, (level) => ['GET /', { headers: { 'X-Priority': level } }]],
    ['a path and a header', { critical: '/critical', header: 'x-priority' }, (level) =>
      level === 'critical' ? ['GET /critical'] : ['GET /critical', { headers: { 'x-priority': level } }]]
  ]) {
    it(`refuse requests below the cutoff, and serve the critical ones behind them, known by ${what}`, async () => {
      const { port, spill } = await siteWithDemand(priority)
      const [[lowLine, low], [highLine, high]] = ['background', 'critical'].map(of)
      const pending = [sendAtOnce(port, Array(MANY).fill(lowLine), low), sendAtOnce(port, Array(MANY / 2).fill(highLine), high)]
      const [lows, highs] = await Promise.all(pending.map((answers) => Promise.all(answers)))
      assert.equal(countOf(highs, 200), MANY / 2)
      assert.ok(countOf(lows, 503) >= MANY - FEW, `${countOf(lows, 503)} refused`)
      assert.ok(spill.snapshot().spilled >= MANY - FEW)
      assert.equal(bodiesOf(highs)[0], highLine.slice('GET '.length))
    })
  }

  it('hand over the most important requests first, and in the meantime refuse what the loop itself accepts and is less important', async () => {
    const { port } = await siteWithDemand({ critical: '/critical', important: '/important' })
    const order = []
    const noting = (answers) => answers.map(async (answer) => order.push([(await answer).body, (await answer).status]))
    await Promise.all([
      ...noting(sendAtOnce(port, Array(MANY).fill('GET /important'))), ...noting(sendAtOnce(port, Array(MANY / 2).fill('GET /critical')))
    ])
    const served = order.filter(([, status]) => status === 200).map(([body]) => body)
    assert.equal(served.filter((body) => body === '/critical').length, MANY / 2)
    const before = served.slice(0, served.lastIndexOf('/critical')).filter((body) => body === '/important')
    assert.ok(before.length <= FEW, served.join(' '))
    assert.ok(served.length > MANY / 2 + FEW, served.join(' '))
  })

  it('refuse the least important of the connections that they keep when there are too many', async () => {
    const { port } = await siteWithDemand({ critical: '/critical', important: '/important' }, LONG_DELAY_MS)
    const pending = [sendAtOnce(port, Array(MORE_THAN_KEPT).fill('GET /important')), sendAtOnce(port, Array(MANY).fill('GET /critical'))]
    const [important, critical] = await Promise.all(pending.map((answers) => Promise.all(answers)))
    assert.equal(countOf(critical, 200), MANY)
    assert.ok(countOf(important, 503) > 0, 'the site could keep them all')
  })

  it('do not believe a header that raises the priority, unless its client is trusted', async () => {
    const { port } = await siteWithDemand({ header: 'X-Priority', trust: '192.0.2.0/24' })
    const answers = await Promise.all(sendAtOnce(port, Array(MANY).fill('GET /'), { headers: { 'X-Priority': 'critical' } }))
    assert.ok(countOf(answers, 503) >= MANY - FEW)
  })

  it('hand over all connections that wait once no queue stands', async () => {
    const { port, spill, controller } = await siteWithDemand({ critical: '/' })
    const pending = sendAtOnce(port, Array(MANY).fill('GET /'))
    await sleep(0)
    controller.calm()
    assert.equal(countOf(await Promise.all(pending), 200), MANY)
    assert.equal(spill.snapshot().spilled, 0)
  })

  it('turn it off over TLS, because the request is unknown before a handshake', async () => {
    const { spill } = await spillingSite({ priority: { critical: '/' } }, { server: createTlsServer() })
    assert.deepEqual({ active: spill.snapshot().active, why: spill.snapshot().why },
      { active: false, why: 'the option priority needs the request, which is unknown before a TLS handshake' })
  })
})
