'use strict'

const assert = require('node:assert/strict')
const { Deadlines } = require('../../lib/admission/deadlines.js')
const { gateOptions } = require('../../lib/gate/options.js')
const { backend } = require('../../lib/native/binding.js')
const { readOptions } = require('../../lib/options/read.js')
const { connect } = require('../support/client.js')
const { late } = require('../support/late.js')
const { needs } = require('../support/needs.js')
const { closeOpened } = require('../support/opened.js')
const { kinds } = require('../support/servers.js')
const { keepWarnings } = require('../support/warnings.js')

const GRPC = 'grpc-timeout'
const ENVOY = 'x-envoy-expected-rq-timeout-ms'
const NS_PER_MS = 1e6
const MIN_MS = 60_000

const request = (headers) => ({ raw: { headers }, waitNs: 0, deadlineAt: Infinity })
const patienceMs = (deadline, headers, framework = {}) => new Deadlines(deadline).patienceNs(request(headers), framework) / NS_PER_MS

describe('how long a client waits', () => {
  for (const [deadline, headers, expected] of [
    [true, { [GRPC]: '150m' }, 150],
    [true, { [GRPC]: '2S' }, 2000],
    [true, { [GRPC]: '3M' }, 3 * MIN_MS],
    [true, { [GRPC]: '1H' }, 60 * MIN_MS],
    [true, { [GRPC]: '500u' }, 0.5],
    [true, { [GRPC]: '2000000n' }, 2],
    [true, { [GRPC]: '99999999S' }, 99_999_999_000],
    [true, { [GRPC]: '999999999S' }, Infinity],
    [true, { [GRPC]: '150' }, Infinity],
    [true, { [GRPC]: 'm' }, Infinity],
    [true, { [GRPC]: '-1m' }, Infinity],
    [true, { [GRPC]: '1.5S' }, Infinity],
    [true, { [ENVOY]: '150' }, 150],
    [true, { [ENVOY]: '150ms' }, Infinity],
    [true, { [ENVOY]: '150, 200' }, Infinity],
    [true, { [GRPC]: '1S', [ENVOY]: '150' }, 150],
    [true, { [GRPC]: '100m', [ENVOY]: '150' }, 100],
    [true, {}, Infinity],
    [{ header: 'X-Timeout' }, { 'x-timeout': '12.5' }, 12.5],
    [{ header: 'X-Timeout' }, { 'x-timeout': '' }, Infinity],
    [{ header: 'X-Timeout' }, { [ENVOY]: '150' }, Infinity],
    [{ header: 'X-Timeout' }, { 'x-timeout': '1e3' }, Infinity]
  ]) {
    it(`is ${expected === Infinity ? 'unknown' : `${expected} ms`} with ${JSON.stringify(deadline)} and ${JSON.stringify(headers)}`, () => {
      assert.equal(patienceMs(deadline, headers), expected)
    })
  }

  it('is over at once if a header says 0', () => {
    assert.equal(patienceMs(true, { [ENVOY]: '0' }), 0)
    assert.equal(patienceMs(true, { [GRPC]: '0m' }), 0)
  })

  it('is what a function returns, for the request of the framework', () => {
    assert.equal(patienceMs(({ ms }) => ms, {}, { ms: 40 }), 40)
    for (const ms of [undefined, Infinity]) assert.equal(patienceMs(() => ms, {}), Infinity)
  })

  it('is unknown if a function throws, or returns a promise or no time; that warns once', async () => {
    for (const deadline of [() => { throw new Error('on purpose') }, async () => 1, () => -1, () => NaN, () => '100', () => null]) {
      const deadlines = new Deadlines(deadline)
      const warnings = keepWarnings()
      for (let i = 0; i < 2; i++) assert.equal(deadlines.patienceNs(request({}), {}), Infinity)
      assert.deepEqual(await warnings(), ['SPILLWAY_DEADLINE'])
    }
  })

  it('counts from when the request arrived', () => {
    const trackedRequest = { ...request({ [ENVOY]: '1000' }), waitNs: 400 * NS_PER_MS }
    new Deadlines(true).patienceNs(trackedRequest, {})
    const left = trackedRequest.deadlineAt - performance.now()
    assert.ok(left > 500 && left <= 600, `${left} ms`)
  })
})

describe('the option deadline', () => {
  for (const [deadline, ErrorClass] of [
    [{}, RangeError], [{ header: '' }, RangeError], [{ header: 'a b' }, RangeError], [{ header: 1 }, RangeError], [{ header: 'x', unit: 's' }, RangeError],
    ['grpc-timeout', TypeError], [100, TypeError], [null, TypeError], [['x'], TypeError]
  ]) {
    it(`does not take ${JSON.stringify(deadline)}`, () => {
      assert.throws(() => readOptions('test', gateOptions, { deadline }), (error) => {
        assert.ok(error instanceof ErrorClass)
        assert.match(error.message, /^test: option "deadline" takes true, false, \{ header: a name \}, or a function, got /)
        return error.code === 'SPILLWAY_INVALID_OPTION'
      })
    })
  }

  it('takes true, false, a header and a function', () => {
    for (const deadline of [true, false, { header: 'x-timeout' }, () => 1]) assert.equal(readOptions('test', gateOptions, { deadline }).deadline, deadline)
  })
})

for (const kind of kinds) {
  describe(`with deadlines, the gate in ${kind.name}`, () => {
    before(function () {
      needs(this, 'the native addon', backend === 'native')
    })
    afterEach(closeOpened)

    it('refuses a request that has waited for longer than its client does, and no other', async () => {
      const told = []
      const site = await kind.start({ deadline: true, onShed: (info) => told.push(info) })
      const clients = await Promise.all([connect(site.port), connect(site.port)])
      const [impatient, patient] = await late(() => [['100'], ['600000']].map(([ms], i) => clients[i].send('GET /', { headers: { [ENVOY]: ms } })))
      assert.equal(impatient.status, 503)
      assert.equal(patient.status, 200)
      assert.equal(told.length, 1)
      assert.equal(told[0].reason, 'deadline')
      assert.equal(site.gate.stats().shedBy.deadline, 1)
    })

    it('gives a function the request of the framework', async () => {
      const site = await kind.start({ deadline: (given) => kind.isRequest(given, site) ? 0 : undefined })
      const client = await connect(site.port)
      for (let i = 0; i < 2; i++) assert.equal((await client.send('GET /')).status, 503)
    })
  })
}
