'use strict'

const assert = require('node:assert/strict')
const { backend, binding } = require('../../lib/native/binding.js')
const { needs } = require('../support/needs.js')

describe('the name of a client that is known by its address', () => {
  before(function () {
    needs(this, 'the native addon', backend === 'native')
  })

  for (const [address, name] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:C000:201', '192.0.2.1'],
    ['192.0.2.1:4711', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::1', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::1]', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::1]:4711', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
    ['::1', '::/64'],
    ['', ''],
    ['unknown', 'unknown'],
    ['_hidden', '_hidden'],
    ['192.0.2.256', '192.0.2.256'],
    ['[', '['],
    [':', ':'],
    ['1'.repeat(1000), '1'.repeat(1000)]
  ]) {
    it(`${JSON.stringify(address.slice(0, 30))} is ${JSON.stringify(name.slice(0, 30))}`, () => {
      assert.equal(binding.clientOfAddress(address), name)
    })
  }
})

describe('the name of a client in X-Forwarded-For or Forwarded', () => {
  before(function () {
    needs(this, 'the native addon', backend === 'native')
  })

  for (const [header, proxies, name] of [
    ['192.0.2.1', 1, '192.0.2.1'],
    ['192.0.2.1, 192.0.2.2', 1, '192.0.2.2'],
    ['192.0.2.1, 192.0.2.2', 2, '192.0.2.1'],
    ['192.0.2.1,192.0.2.2\t, 192.0.2.3 ', 2, '192.0.2.2'],
    ['192.0.2.1, 192.0.2.2', 3, ''],
    ['', 1, ''],
    [' ', 1, ''],
    ['192.0.2.1, ', 1, ''],
    ['forged, 2001:db8::1', 1, '2001:db8::/64'],
    ['for=192.0.2.1', 1, '192.0.2.1'],
    ['for=192.0.2.43, for="[2001:db8:cafe::17]:4711";proto=https', 1, '2001:db8:cafe::/64'],
    ['by=203.0.113.43;For=192.0.2.60; proto=http', 1, '192.0.2.60'],
    ['for=_gazonk', 1, '_gazonk'],
    ['for="', 1, '"'],
    ['for=', 1, ''],
    ['proto=https', 1, ''],
    [';;;', 1, ';;;'],
    // What a client can write into the headers that a proxy copies, or to the left of them, changes nothing.
    ['for=192.0.2.1;host="x, for=192.0.2.9"', 1, '192.0.2.1'],
    ['for=192.0.2.1;host="x;for=192.0.2.9"', 1, '192.0.2.1'],
    ['for=192.0.2.1;host="x\\", for=192.0.2.9"', 1, '192.0.2.1'],
    ['for="forged, for=192.0.2.1', 1, '192.0.2.1'],
    ['"forged\\", 192.0.2.1', 1, '192.0.2.1']
  ]) {
    it(`${JSON.stringify(header)} with ${proxies} trusted ${proxies === 1 ? 'proxy' : 'proxies'}: ${JSON.stringify(name)}`, () => {
      assert.equal(binding.clientOfForwarded(header, proxies), name)
    })
  }
})
