'use strict'

const assert = require('node:assert/strict')
const { readOptions } = require('../../lib/options/read.js')
const {
  LONGEST_TIMER_MS, booleanRow, functionRow, msRow, oneOfRow, positiveMsRow, stringRow, wholeNumberOrInfinityRow, wholeNumberRow
} = require('../../lib/options/rows.js')
const { show } = require('../../lib/options/show.js')

describe('readOptions()', () => {
  const table = {
    concurrency: { ...wholeNumberRow(1), required: true, otherNames: ['limit'] },
    verbose: booleanRow,
    retry: {
      takes: 'an object with attempts',
      hasType: (value) => typeof value === 'object' && value !== null,
      members: { attempts: { ...wholeNumberRow(2), required: true }, delay: { ...msRow(0), default: 100 } }
    }
  }
  const read = (options, ...rest) => readOptions('spillway/test', table, options, ...rest)

  it('returns every option of the table, with its default if it is absent or undefined', () => {
    const expected = { concurrency: 2, verbose: false, retry: undefined }
    assert.deepEqual(read({ concurrency: 2 }), expected)
    assert.deepEqual(read({ concurrency: 2, verbose: undefined, unknown: undefined }), expected)
  })

  it('returns a new object and does not change the options', () => {
    const options = Object.freeze({ concurrency: 2, retry: Object.freeze({ attempts: 3 }) })
    assert.deepEqual(read(options), { concurrency: 2, verbose: false, retry: { attempts: 3, delay: 100 } })
  })

  it('reads options that an object inherits', () => {
    assert.equal(read(Object.create({ concurrency: 3 })).concurrency, 3)
  })

  for (const [what, options, code, message] of [
    ['a required option that is absent', {}, 'INVALID_OPTION', 'option "concurrency" takes a whole number from 1 up, got undefined'],
    ['no options where one is required', undefined, 'INVALID_OPTION', 'option "concurrency" takes a whole number from 1 up, got undefined'],
    ['a wrong type', { concurrency: '1' }, 'INVALID_OPTION', 'option "concurrency" takes a whole number from 1 up, got "1"'],
    ['a member of an option with a wrong value', { concurrency: 1, retry: { attempts: 1 } }, 'INVALID_OPTION', 'option "retry.attempts" takes a whole number from 2 up, got 1'],
    ['a required member that is absent', { concurrency: 1, retry: {} }, 'INVALID_OPTION', 'option "retry.attempts" takes a whole number from 2 up, got undefined'],
    ['an unknown member of an option', { concurrency: 1, retry: { attempt: 2 } }, 'UNKNOWN_OPTION', 'unknown option "retry.attempt". Did you mean "retry.attempts"?'],
    ['an unknown option with a typo', { concurency: 1 }, 'UNKNOWN_OPTION', 'unknown option "concurency". Did you mean "concurrency"?'],
    ['an unknown option in the wrong case', { CONCURRENCY: 1 }, 'UNKNOWN_OPTION', 'unknown option "CONCURRENCY". Did you mean "concurrency"?'],
    ['an unknown long option with an error in every third character', { konkurensy: 1 }, 'UNKNOWN_OPTION', 'unknown option "konkurensy"; docs/options.md lists the options'],
    ['an unknown long option with fewer errors', { konkurency: 1 }, 'UNKNOWN_OPTION', 'unknown option "konkurency". Did you mean "concurrency"?'],
    ['the name of the option in another package', { limit: 1 }, 'UNKNOWN_OPTION', 'unknown option "limit". Did you mean "concurrency"?'],
    ['an unknown option that resembles no other', { parallel: 1 }, 'UNKNOWN_OPTION', 'unknown option "parallel"; docs/options.md lists the options'],
    ['an array', [], 'INVALID_ARGUMENT', 'options must be an object, got []'],
    ['null', null, 'INVALID_ARGUMENT', 'options must be an object, got null'],
    ['a number', 4, 'INVALID_ARGUMENT', 'options must be an object, got 4']
  ]) {
    it(`throws SPILLWAY_${code} for ${what}`, () => {
      assert.throws(() => read(options), { code: `SPILLWAY_${code}`, message: `spillway/test: ${message}` })
    })
  }

  it('names the page that lists the options', () => {
    assert.throws(() => read({ foo: 1 }, 'docs/streams.md'), /unknown option "foo"; docs\/streams\.md lists the options$/)
  })

  it('compares a name of a million characters without delay', function () {
    this.timeout(1000)
    assert.throws(() => read({ ['x'.repeat(1e6)]: 1 }), { code: 'SPILLWAY_UNKNOWN_OPTION' })
  })
})

describe('The rows of option tables', () => {
  for (const [name, row, accepted, outOfRange, wrongType] of [
    ['booleanRow', booleanRow, [true, false], [], [0, 'true', null]],
    ['functionRow', functionRow, [() => {}, class {}], [], [{}, null]],
    ['stringRow', stringRow, ['', 'a'], [], [1, null]],
    ['oneOfRow', oneOfRow('a', 'b'), ['a', 'b'], ['c', ''], [1, null]],
    ['wholeNumberRow', wholeNumberRow(2), [2, 2 ** 53 - 1], [1, 2.5, 2 ** 53, Infinity], [NaN, '2', null, 2n]],
    ['wholeNumberRow with an upper bound', wholeNumberRow(2, 4), [2, 4], [5], []],
    ['wholeNumberOrInfinityRow', wholeNumberOrInfinityRow(1), [1, Infinity], [0, -Infinity, 1.5], [NaN, '1', null]],
    ['msRow', msRow(0), [0, 0.5, LONGEST_TIMER_MS], [-1, LONGEST_TIMER_MS + 1, Infinity], [NaN, '1', null]],
    ['positiveMsRow', positiveMsRow, [0.5, LONGEST_TIMER_MS], [0, LONGEST_TIMER_MS + 1], [NaN, '1', null]]
  ]) {
    it(`tell the values that ${name} accepts from those of a wrong type or out of range`, () => {
      const read = (value) => readOptions('test', { option: row }, { option: value }).option
      for (const value of accepted) assert.equal(read(value), value)
      for (const value of outOfRange) assert.throws(() => read(value), RangeError, String(value))
      for (const value of wrongType) assert.throws(() => read(value), TypeError, String(value))
    })
  }

  it('have the longest delay that a timer of Node.js accepts', async () => {
    let warnings = 0
    const onWarning = ({ name }) => { warnings += Number(name === 'TimeoutOverflowWarning') }
    process.on('warning', onWarning)
    clearTimeout(setTimeout(() => {}, LONGEST_TIMER_MS))
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(warnings, 0)
    clearTimeout(setTimeout(() => {}, LONGEST_TIMER_MS + 1))
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(warnings, 1)
    process.off('warning', onWarning)
  })
})

describe('show()', () => {
  class Pool {}
  for (const [value, shown] of [
    [undefined, 'undefined'], [null, 'null'], [true, 'true'], [-0, '-0'], [NaN, 'NaN'], [10n, '10n'], [Symbol('a'), 'Symbol(a)'],
    ['a "b"\n', '"a \\"b\\"\\n"'], ['x'.repeat(50), `"${'x'.repeat(40)}"... 10 more characters`],
    [() => {}, 'a function'], [Pool, 'a function'],
    [{}, 'an object'], [Object.create(null), 'an object'], [{ constructor: 1 }, 'an object'], [new Pool(), 'an instance of Pool'],
    [[1, 'a', {}], "[ 1, 'a', {} ]"], [[1, 2, 3, 4, 5], '[ 1, 2, 3, ... 2 more items ]']
  ]) {
    it(`prints ${shown}`, () => assert.equal(show(value), shown))
  }
})
