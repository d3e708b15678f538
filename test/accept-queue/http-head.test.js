'use strict'

const assert = require('node:assert/strict')
const { binding } = require('../../lib/native/binding.js')
const { exemptTest } = require('../../lib/gate/exempt.js')
const { heads, exemptTargets } = require('../support/heads.js')
const { needs } = require('../support/needs.js')

const KINDS = ['incomplete', 'request', 'other']

/** `pieceBytes`: how many bytes come at a time; all at once without it. */
function read (text, exempt = [], pieceBytes = text.length) {
  const { kind, ...rest } = binding.readHead(Buffer.from(text, 'latin1'), exempt, pieceBytes)
  return { kind: KINDS[kind], ...rest }
}

describe('the head of a request, read before Node sees it', function () {
  before(function () {
    needs(this, 'waits from the kernel', binding.canSpill)
  })

  for (const [name, text, { kind, ...fields }] of heads) {
    it(`${name}: ${kind}`, () => {
      const head = read(text)
      assert.equal(head.kind, kind)
      for (const [field, value] of Object.entries(fields)) assert.equal(head[field], value, field)
    })
  }

  it('is never read before its last byte has come, nor in another way by what follows it', () => {
    for (const [, text, { kind }] of heads) {
      if (kind !== 'request') continue
      const whole = read(text)
      for (let length = 0; length < whole.length; length++) {
        assert.equal(read(text.slice(0, length)).kind, 'incomplete', JSON.stringify(text.slice(0, length)))
      }
      assert.deepEqual(read(text.slice(0, whole.length) + 'GET /next HTTP/1.1\r\n'), whole)
    }
  })

  it('is the same in whatever pieces it comes', () => {
    for (const [name, text] of heads) {
      const whole = read(text)
      for (let bytes = 1; bytes <= text.length; bytes++) assert.deepEqual(read(text, [], bytes), whole, `${name}, ${bytes} bytes at a time`)
    }
  })

  it('is given up once it is known to be none, whatever follows', () => {
    for (const [, text, { kind }] of heads) {
      if (kind === 'other') assert.equal(read(text + '\r\n\r\n').kind, 'other', JSON.stringify(text))
    }
  })

  it('ends within 8 KiB, or is somebody else’s', () => {
    const padded = (bytes) => {
      const around = 'GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n'
      return around.replace('X: ', 'X: ' + 'x'.repeat(bytes - around.length))
    }
    assert.equal(read(padded(8192)).kind, 'request')
    assert.equal(read(padded(8193)).kind, 'other')
    assert.equal(read(padded(8193).slice(0, 8191)).kind, 'incomplete')
    assert.equal(read(padded(8193).slice(0, 8192)).kind, 'other')
  })
})

describe('exempt paths, matched in native code', function () {
  before(function () {
    needs(this, 'waits from the kernel', binding.canSpill)
  })

  for (const [patterns, target, expected] of exemptTargets) {
    it(`${target} is ${expected ? '' : 'not '}among ${patterns.join(' ')}, as in JavaScript`, () => {
      assert.equal(exemptTest(patterns)({ url: target }, {}), expected)
      assert.equal(read(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`, patterns).exempt, expected)
    })
  }
})
