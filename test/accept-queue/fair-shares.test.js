'use strict'

const assert = require('node:assert/strict')
const { setTimeout: sleep } = require('node:timers/promises')
const { binding } = require('../../lib/native/binding.js')
const { needs } = require('../support/needs.js')
const { closeOpened } = require('../support/opened.js')
const { sendAtOnce, sendTextAtOnce, received, spillingSite } = require('../support/spill.js')
const { createTlsServer } = require('../support/tls.js')
const { block, nextTurn } = require('../support/block.js')

const MANY = 20
// In this time, a client saves up more than two requests (see queueingController).
const SAVING_MS = 350
const LONG_SAVING_MS = 1300
// Longer than any claim may wait.
const LONG_TURN_MS = 300
// Shorter than the spill waits for a request, and longer than a queued one may wait.
const HOLD_MS = 180

const countOf = (answers, status) => answers.filter((answer) => answer.status === status).length
const as = (name) => ({ headers: { 'X-Key': name } })

/** After its first two requests, a client has an account, and a debt. */
async function introduce (port, headers) {
  await Promise.all([...sendAtOnce(port, ['GET /'], headers), ...sendAtOnce(port, ['GET /'], headers)])
}

describe('fair shares in the spill', function () {
  before(function () {
    needs(this, 'waits from the kernel', binding.canSpill)
  })
  afterEach(closeOpened)

  for (const [what, fairBy, headersOf] of [
    ['a header', { header: 'X-Key' }, as],
    ['X-Forwarded-For', { forwarded: 1 }, (name) => ({ headers: { 'X-Forwarded-For': `forged, ${name === 'heavy' ? '192.0.2.1' : '192.0.2.2'}` } })]
  ]) {
    it(`refuse the requests of a client that has used up its share, and serve one behind them of another client, known by ${what}`, async () => {
      const { port, spill, controller } = await spillingSite({ fairBy })
      const [heavy, light] = ['heavy', 'light'].map(headersOf)
      await introduce(port, heavy)
      await introduce(port, light)
      await sleep(SAVING_MS)
      const before = spill.snapshot()
      const answers = await Promise.all([
        ...sendAtOnce(port, Array(MANY).fill('GET /heavy'), heavy), ...sendAtOnce(port, ['GET /light'], light)
      ])
      assert.equal(answers.at(-1).body, '/light')
      const refused = countOf(answers, 503)
      assert.ok(refused >= MANY / 2, `${refused} refused`)
      const after = spill.snapshot()
      assert.equal(after.spilled - before.spilled, refused)
      // libuv accepts a connection in each turn, and the spill hands over one.
      assert.ok(after.handedOver - before.handedOver >= 2)
      const names = controller.clients(0).filter((_, i) => i % 3 === 0)
      assert.deepEqual(names.sort(), fairBy.header ? ['heavy', 'light'] : ['192.0.2.1', '192.0.2.2'])
    })
  }

  it('keep one request beyond its share if no other waits, so that no capacity is left over', async () => {
    const { port, spill } = await spillingSite({ fairBy: { header: 'X-Key' } })
    await introduce(port, as('heavy'))
    const { handedOver } = spill.snapshot()
    const answers = await Promise.all(sendAtOnce(port, Array(MANY).fill('GET /'), as('heavy')))
    assert.ok(countOf(answers, 503) >= MANY - 4)
    assert.ok([1, 2].includes(spill.snapshot().handedOver - handedOver))
  })

  it('treat all requests without the header as one client', async () => {
    const { port, controller } = await spillingSite({ fairBy: { header: 'X-Key' } })
    const answers = await Promise.all(sendAtOnce(port, Array(MANY).fill('GET /')))
    assert.ok(countOf(answers, 503) >= MANY - 4)
    assert.equal(controller.clients(0)[0], '(none)')
  })

  for (const [what, end] of [
    ['once no queue stands', ({ controller }) => controller.calm()],
    ['when the spill is closed', ({ spill }) => spill.close()]
  ]) {
    it(`hand over ${what} the connections that wait for their turn`, async () => {
      const site = await spillingSite({ fairBy: 'address' })
      await introduce(site.port)
      await sleep(SAVING_MS)
      const before = site.spill.snapshot()
      const pending = sendAtOnce(site.port, Array(MANY).fill('GET /'))
      await nextTurn()
      await nextTurn()
      end(site)
      const answers = await Promise.all(pending)
      const after = site.spill.snapshot()
      assert.equal(countOf(answers, 503), after.spilled - before.spilled)
      assert.ok(countOf(answers, 200) >= 3)
      assert.equal(after.dropped, 0)
    })
  }

  it('refuse a connection that has waited for its turn for too long', async () => {
    const { port, spill } = await spillingSite({ fairBy: 'address' })
    await introduce(port)
    await sleep(LONG_SAVING_MS)
    const before = spill.snapshot()
    const pending = sendAtOnce(port, Array(MANY).fill('GET /'))
    await nextTurn()
    await nextTurn()
    const kept = MANY - (spill.snapshot().spilled - before.spilled)
    block(LONG_TURN_MS)
    const answers = await Promise.all(pending)
    const served = countOf(answers, 200)
    assert.ok(kept >= 8, `${kept} kept`)
    assert.ok(served <= kept - 3, `${served} of ${kept} served`)
    assert.equal(countOf(answers, 503), spill.snapshot().spilled - before.spilled)
  })

  it('count the wait of a request that comes later than its connection from when it comes', async () => {
    const { port, spill } = await spillingSite({ fairBy: { header: 'X-Key' } })
    await introduce(port, as('light'))
    await sleep(SAVING_MS)
    const { handedOver } = spill.snapshot()
    // libuv accepts at least one of them itself; on a loaded machine, it may accept two.
    const sockets = sendTextAtOnce(port, ['', '', ''])
    await sleep(HOLD_MS)
    for (const socket of sockets) socket.write('GET / HTTP/1.1\r\nHost: a\r\nX-Key: light\r\nConnection: close\r\n\r\n')
    const texts = await Promise.all(sockets.map(received))
    for (const text of texts) assert.equal(text.slice(0, 12), 'HTTP/1.1 200')
    assert.ok(spill.snapshot().handedOver > handedOver)
  })

  it('know the address of a TLS connection', async () => {
    const server = createTlsServer((req, res) => res.end())
    const { port, controller, spill } = await spillingSite({ fairBy: 'address' }, { server })
    const hello = Buffer.from('16030100050100000100', 'hex').toString('latin1')
    await Promise.all(sendTextAtOnce(port, Array(MANY).fill(hello)).map(received))
    assert.ok(spill.snapshot().handshakes > 0)
    assert.equal(controller.clients(0)[0], '127.0.0.1')
  })

  it('are off for a header over TLS, with the spill', async () => {
    const server = createTlsServer((req, res) => res.end())
    const { spill } = await spillingSite({ fairBy: { header: 'X-Key' } }, { server })
    assert.equal(spill.snapshot().why, 'the option fairBy needs a header, which is unknown before a TLS handshake')
  })

  it('turn the spill off if a function tells clients apart', async () => {
    const { spill } = await spillingSite({ fairBy: () => 'a' })
    assert.match(spill.snapshot().why, /^the spill reads addresses and headers, and calls no function, and the option fairBy is given as a function$/)
  })
})
