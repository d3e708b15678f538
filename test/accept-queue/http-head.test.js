'use strict'

const assert = require('node:assert/strict')
const { binding } = require('../../lib/native/binding.js')
const { exemptTest } = require('../../lib/gate/exempt.js')
const { heads, exemptTargets } = require('../support/heads.js')
const { needs } = require('../support/needs.js')

const KINDS = ['incomplete', 'request', 'other']

/** `pieceBytes`: the size of the pieces in which the text arrives; by default it arrives in one. */
function read (text, exempt = [], pieceBytes = text.length) {
  const { kind, ...rest } = binding.readHead(Buffer.from(text, 'latin1'), pieceBytes, { exempt })
  return { kind: KINDS[kind], ...rest }
}

describe('the native reader of request heads', function () {
  before(function () {
    needs(this, 'waits from the kernel', binding.canSpill)
  })

  for (const [name, text, { kind, ...fields }] of heads) {
    it(`recognizes ${name} as "${kind}"`, () => {
      const head = read(text)
      assert.equal(head.kind, kind)
      for (const [field, value] of Object.entries(fields)) assert.equal(head[field], value, field)
    })
  }

  it('never finishes a head before its last byte has come, and ignores what follows it', () => {
    for (const [, text, { kind }] of heads) {
      if (kind !== 'request') continue
      const whole = read(text)
      for (let length = 0; length < whole.length; length++) {
        assert.equal(read(text.slice(0, length)).kind, 'incomplete', JSON.stringify(text.slice(0, length)))
      }
      assert.deepEqual(read(text.slice(0, whole.length) + 'GET /next HTTP/1.1\r\n'), whole)
    }
  })

  it('gives the same result however a head is split into pieces', () => {
    for (const [name, text] of heads) {
      const whole = read(text)
      for (let bytes = 1; bytes <= text.length; bytes++) assert.deepEqual(read(text, [], bytes), whole, `${name}, ${bytes} bytes at a time`)
    }
  })

  it('recognizes data that is not a head as soon as that is certain, whatever follows', () => {
    for (const [, text, { kind }] of heads) {
      if (kind === 'other') assert.equal(read(text + '\r\n\r\n').kind, 'other', JSON.stringify(text))
    }
  })

  it('leaves heads of more than 8 KiB to Node', () => {
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

describe('the native matcher of exempt paths', function () {
  before(function () {
    needs(this, 'waits from the kernel', binding.canSpill)
  })

  for (const [patterns, target, expected] of exemptTargets) {
    it(`finds, as in JavaScript, that ${target} ${expected ? 'matches' : 'does not match'} ${patterns.join(' ')}`, () => {
      assert.equal(exemptTest(patterns)({ url: target }, {}), expected)
      assert.equal(read(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`, patterns).exempt, expected)
    })
  }
})
