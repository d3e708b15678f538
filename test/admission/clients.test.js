'use strict'

const assert = require('node:assert/strict')
const { Clients } = require('../../lib/admission/clients.js')
const { gateOptions } = require('../../lib/gate/options.js')
const { createGate } = require('../../lib/gate/index.js')
const { backend } = require('../../lib/native/binding.js')
const { readOptions } = require('../../lib/options/read.js')
const { kinds } = require('../support/servers.js')
const { connect } = require('../support/client.js')
const { LIMIT_MS, late } = require('../support/late.js')
const { closeOpened } = require('../support/opened.js')
const { needs } = require('../support/needs.js')
const { keepWarnings } = require('../support/warnings.js')

const request = (headers, remoteAddress = '192.0.2.1') => ({ raw: { headers, socket: { remoteAddress } } })
const nameOf = (fairBy, trackedRequest) => new Clients(fairBy, undefined).nameOf(trackedRequest, trackedRequest.raw)

describe('the option fairBy', () => {
  it("with 'address', tells clients apart by the address of the connection", () => {
    assert.equal(nameOf('address', request({})), '192.0.2.1')
  })

  it('with a header, by its value, whatever the case of its name', () => {
    assert.equal(nameOf({ header: 'X-API-Key' }, request({ 'x-api-key': 'abc' })), 'abc')
  })

  it('with a function, by what it returns as a string', () => {
    assert.equal(nameOf((raw) => raw.headers.tenant, request({ tenant: 'b' })), 'b')
    assert.equal(nameOf(() => 7, request({})), '7')
  })

  it('counts all requests that name no client as one client', () => {
    assert.equal(nameOf({ header: 'x-api-key' }, request({})), '(none)')
    assert.equal(nameOf({ header: 'x-api-key' }, request({ 'x-api-key': '' })), '(none)')
    assert.equal(nameOf(() => undefined, request({})), '(none)')
    assert.equal(nameOf('address', { raw: { headers: {}, socket: {} } }), '(none)') // a Unix socket
  })

  it('over HTTP/2, finds the address of the session', () => {
    const raw = { headers: {}, stream: { session: { socket: { remoteAddress: '192.0.2.7' } } } }
    assert.equal(nameOf('address', { raw }), '192.0.2.7')
  })

  it('with forwarded, takes the address that the outermost trusted proxy has seen', function () {
    needs(this, 'the native addon', backend === 'native')
    const headers = { 'x-forwarded-for': 'forged, 192.0.2.9', forwarded: 'for=192.0.2.10' }
    assert.equal(nameOf({ forwarded: 1 }, request(headers)), '192.0.2.9')
    assert.equal(nameOf({ forwarded: 1, header: 'Forwarded' }, request(headers)), '192.0.2.10')
    assert.equal(nameOf({ forwarded: 3 }, request(headers)), '192.0.2.1') // the header cannot be that of the proxies
    assert.equal(nameOf({ forwarded: 1 }, request({})), '192.0.2.1')
  })

  it('warns once of a function that throws or returns a promise, and then counts the request as one without a client', async () => {
    for (const fairBy of [() => { throw new Error('on purpose') }, async () => 'a']) {
      const clients = new Clients(fairBy, undefined)
      const warnings = keepWarnings()
      for (let i = 0; i < 2; i++) assert.equal(clients.nameOf(request({}), {}), '(none)')
      assert.deepEqual(await warnings(), ['SPILLWAY_FAIR_BY'])
    }
  })

  for (const [fairBy, ErrorClass] of [
    ['ip', RangeError], [{}, RangeError], [{ header: 'a b' }, RangeError], [{ header: '' }, RangeError], [{ header: 1 }, RangeError],
    [{ forwarded: 0 }, RangeError], [{ forwarded: 1.5 }, RangeError], [{ forwarded: 101 }, RangeError], [{ forwarded: '1' }, RangeError],
    [{ heder: 'x' }, RangeError], [{ header: 'x', weight: 1 }, RangeError], [1, TypeError], [null, TypeError], [['address'], TypeError], [true, TypeError]
  ]) {
    it(`does not take ${JSON.stringify(fairBy)}`, () => {
      assert.throws(() => readOptions('test', gateOptions, { fairBy }), (error) => {
        assert.ok(error instanceof ErrorClass)
        assert.match(error.message, /^test: option "fairBy" takes 'address', \{ header: a name \}, .*, got /)
        return error.code === 'SPILLWAY_INVALID_OPTION'
      })
    })
  }
})

describe('the option weight', () => {
  it('gives each client its weight; the default is 1', () => {
    assert.equal(new Clients('address', (client) => client === 'paid' ? 4 : 0.5).weightOf('paid'), 4)
    assert.equal(new Clients('address', undefined).weightOf('paid'), 1)
  })

  it('warns once of a function that throws or returns something else, and then uses 1', async () => {
    for (const weight of [() => { throw new Error('on purpose') }, () => 0, () => 1001, () => NaN, () => '2', async () => 2]) {
      const clients = new Clients('address', weight)
      const warnings = keepWarnings()
      for (let i = 0; i < 2; i++) assert.equal(clients.weightOf('a'), 1)
      assert.deepEqual(await warnings(), ['SPILLWAY_WEIGHT'])
    }
  })

  it('requires fairBy', () => {
    const settings = readOptions('test', gateOptions, { weight: () => 1 })
    assert.throws(() => createGate(settings, { spill: { entry: 'test', options: settings, judgesAll: true } }),
      { name: 'TypeError', code: 'SPILLWAY_CONFLICTING_OPTIONS', message: 'test: option "weight" requires the option "fairBy"' })
  })
})

for (const kind of kinds) {
  describe(`with fairBy, the gate in ${kind.name}`, () => {
    before(function () {
      needs(this, 'the native addon', backend === 'native')
    })
    afterEach(closeOpened)

    it('tells onShed the client, and gives a function the request of the framework', async () => {
      let site
      const byFunction = (request) => kind.isRequest(request, site) ? 'a client' : 'another request'
      for (const [fairBy, name] of [['address', '127.0.0.1'], [byFunction, 'a client']]) {
        const told = []
        site = await kind.start({ maxDelay: LIMIT_MS, fairBy, onShed: (info) => told.push(info) })
        const client = await connect(site.port)
        await late(() => client.send('GET /'))
        assert.equal(told.length, 1)
        assert.equal(told[0].client, name)
      }
    })

    it('shows the clients in snapshot()', async () => {
      const site = await kind.start({ maxDelay: LIMIT_MS, fairBy: 'address' })
      const { clients, fairRate } = site.gate.snapshot()
      assert.deepEqual({ clients, fairRate }, { clients: [], fairRate: 1 })
      const without = await kind.start({ maxDelay: LIMIT_MS })
      assert.equal('clients' in without.gate.snapshot(), false)
    })
  })
}

describe('two gates with different options fairBy', () => {
  it('each have their own name for the client of a request', () => {
    const trackedRequest = { ...request({ 'x-api-key': 'abc' }), client: null }
    const [byAddress, byHeader] = ['address', { header: 'x-api-key' }].map((fairBy) => new Clients(fairBy, undefined))
    assert.equal(byAddress.nameOf(trackedRequest, {}), '192.0.2.1')
    assert.equal(byHeader.knownNameOf(trackedRequest), undefined)
    assert.equal(byHeader.nameOf(trackedRequest, {}), 'abc')
    assert.equal(byAddress.knownNameOf(trackedRequest), undefined)
    assert.equal(byAddress.nameOf(trackedRequest, {}), '192.0.2.1')
  })
})
