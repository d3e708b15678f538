'use strict'

const assert = require('node:assert/strict')
const { binding } = require('../../lib/native/binding.js')
const { ask, start } = require('../support/child.js')
const { flood } = require('../support/flood.js')
const { needs } = require('../support/needs.js')
const { note } = require('../simulator/note')

const WARM_UP_MS = 500
const FLOOD_MS = 2000
const CALM_RATE = 50
const ERRORS = 4
// As shares of the capacity.
const PLAIN = 0.6
const FLOOD = 10
/** The limit for the processor time after a turn's last request: usually below 1; 5.3 while other processes used the cores. */
const MOST_TAIL_MS = 20

const head = (line, ...fields) => [`${line} HTTP/1.1`, 'Host: a', ...fields, '', ''].join('\r\n')
const plain = { text: head('GET /') }
const floods = {
  'plain requests': plain,
  'upgrades to h2c': { text: head('GET /', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk') },
  'upgrades to WebSocket': { text: head('GET /', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13') },
  'slow heads': { text: 'GET / HTTP/1.1\r\n', rest: 'Host: a\r\n\r\n', afterMs: 300 },
  'slow heads of 7 KiB': { text: `GET / HTTP/1.1\r\n${'~'.repeat(7168)}`, rest: ': x\r\nHost: a\r\n\r\n', afterMs: 300 },
  'huge heads': { text: head('GET /', `X: ${'~'.repeat(9000)}`) },
  'heads of nearly 8 KiB': { text: head('GET /', `${'~'.repeat(8100)}: x`) },
  'requests with a rare method': { text: head('PROPFIND /') },
  'requests whose body never ends': { text: head('POST /', 'Content-Length: 1000') + 'x', stays: true },
  'connections with several requests at once': { text: plain.text.repeat(3), requests: 3 },
  'requests for an exempt path': { text: head('GET /health') },
  'data that is not a request': { text: '\x16\x03\x01\x02\x00' }
}

describe('under a flood, the spill', function () {
  this.timeout(30_000)

  let child
  let port
  /** Requests per second of processor time while nothing needs to be refused. */
  let capacity
  /** The share of the capacity that plain clients get beside a flood of plain requests. */
  let fair

  before(async function () {
    needs(this, 'waits from the kernel', binding.canSpill)
    const started = await start('flooded-server.js')
    child = started.child
    port = started.hello.port
    await flood(port, [{ talk: plain, rate: CALM_RATE }], WARM_UP_MS)
    await ask(child)
    await flood(port, [{ talk: plain, rate: CALM_RATE }], FLOOD_MS)
    const { handled, cpuS } = await ask(child)
    capacity = handled / cpuS
    // The admission controller first has to learn how much capacity a flood leaves.
    await besides(plain)
    const beside = await besides(plain)
    assert(beside.spilled > 0, 'nothing was refused, so there was no flood')
    fair = beside.handled / beside.cpuS * PLAIN / (PLAIN + FLOOD)
  })
  after(() => child?.kill())

  /** Measures how much plain clients get beside a flood of `talk`, and what the server does in the meantime. */
  async function besides (talk) {
    const clients = [{ talk, rate: FLOOD * capacity / (talk.requests ?? 1) }, { talk: plain, rate: PLAIN * capacity }]
    await flood(port, clients, WARM_UP_MS)
    const before = await ask(child)
    const [odd, { started, served }] = await flood(port, clients, FLOOD_MS)
    const after = await ask(child)
    return {
      ...after,
      started,
      served,
      servedOfFlood: odd.served,
      perSecond: served / after.cpuS,
      // The standard error of a count is its square root. A difference of more than ERRORS standard errors is not due to chance.
      most: (served + ERRORS * Math.sqrt(served)) / after.cpuS,
      spilled: after.spilled - before.spilled,
      handedOver: after.handedOver - before.handedOver
    }
  }

  for (const [name, talk] of Object.entries(floods)) {
    it(`leaves plain clients as much throughput beside a flood of ${name} as beside one of plain requests, within 15 %`, async function () {
      const beside = note(this, { fair, ...await besides(talk) })
      assert(beside.most >= 0.85 * fair)
      assert(beside.tailMs < MOST_TAIL_MS)
    })
  }
})
