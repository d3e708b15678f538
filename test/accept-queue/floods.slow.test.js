'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { binding } = require('../../lib/native/binding.js')
const { start } = require('../support/child.js')
const { flood } = require('../support/flood.js')
const { needs } = require('../support/needs.js')
const { note } = require('../simulator/note')

const WARM_UP_MS = 500
const FLOOD_MS = 2000
const CALM_RATE = 50
const ERRORS = 4
// Of capacity.
const PLAIN = 0.6
const FLOOD = 10
/** Of processor time, after nearly every turn's last request. Usually below 1; 5.3 where others took the cores for long. */
const MOST_TAIL_MS = 20

const head = (line, ...fields) => [`${line} HTTP/1.1`, 'Host: a', ...fields, '', ''].join('\r\n')
const plain = { text: head('GET /') }
const floods = {
  'plain requests': plain,
  'an upgrade to h2c': { text: head('GET /', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk') },
  'an upgrade to WebSocket': { text: head('GET /', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13') },
  'a slow head': { text: 'GET / HTTP/1.1\r\n', rest: 'Host: a\r\n\r\n', afterMs: 300 },
  'a slow head of 7 KiB': { text: `GET / HTTP/1.1\r\n${'~'.repeat(7168)}`, rest: ': x\r\nHost: a\r\n\r\n', afterMs: 300 },
  'a huge head': { text: head('GET /', `X: ${'~'.repeat(9000)}`) },
  'a head of nearly 8 KiB': { text: head('GET /', `${'~'.repeat(8100)}: x`) },
  'a rare method': { text: head('PROPFIND /') },
  'an unfinished body': { text: head('POST /', 'Content-Length: 1000') + 'x', stays: true },
  'several requests at once': { text: plain.text.repeat(3), requests: 3 },
  'an exempt path': { text: head('GET /health') },
  'no request': { text: '\x16\x03\x01\x02\x00' }
}

describe('the spill under a flood', function () {
  this.timeout(30_000)

  let child
  let port
  /** Requests in each second of processor time, where there is nothing to refuse. */
  let capacity
  /** The part of that which plain clients get beside a flood of plain requests. */
  let fair

  before(async function () {
    needs(this, 'waits from the kernel', binding.canSpill)
    const started = await start('flooded-server.js')
    child = started.child
    port = started.hello.port
    await flood(port, [{ talk: plain, rate: CALM_RATE }], WARM_UP_MS)
    await figures()
    await flood(port, [{ talk: plain, rate: CALM_RATE }], FLOOD_MS)
    const { handled, cpuS } = await figures()
    capacity = handled / cpuS
    // The admission controller has yet to learn what a flood leaves of that.
    await besides(plain)
    const beside = await besides(plain)
    assert(beside.spilled > 0, 'there is no flood')
    fair = beside.handled / beside.cpuS * PLAIN / (PLAIN + FLOOD)
  })
  after(() => child?.kill())

  async function figures () {
    child.send('?')
    return (await once(child, 'message'))[0]
  }

  /** What plain clients get beside a flood of `talk`, and what the server did meanwhile. */
  async function besides (talk) {
    const clients = [{ talk, rate: FLOOD * capacity / (talk.requests ?? 1) }, { talk: plain, rate: PLAIN * capacity }]
    await flood(port, clients, WARM_UP_MS)
    const before = await figures()
    const [odd, { started, served }] = await flood(port, clients, FLOOD_MS)
    const after = await figures()
    return {
      ...after,
      started,
      served,
      servedOfFlood: odd.served,
      perSecond: served / after.cpuS,
      // The error of a count is its square root; what is beyond so many of them is not chance.
      most: (served + ERRORS * Math.sqrt(served)) / after.cpuS,
      spilled: after.spilled - before.spilled,
      handedOver: after.handedOver - before.handedOver
    }
  }

  for (const [name, talk] of Object.entries(floods)) {
    it(`of ${name}: plain clients are served no less than beside plain ones, within 15 %`, async function () {
      const beside = note(this, { fair, ...await besides(talk) })
      assert(beside.most >= 0.85 * fair)
      assert(beside.tailMs < MOST_TAIL_MS)
    })
  }
})
