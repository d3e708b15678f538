'use strict'

const assert = require('node:assert/strict')

const { concurrentQueue, concurrentTransform, forEachConcurrent, mapConcurrent } = require('spillway/stream')

const { countingSource, waitForTurns } = require('../support/stream.js')

const handler = () => {}

const helpers = {
  forEachConcurrent: (options, ...rest) => forEachConcurrent([], rest.length > 0 ? rest[0] : handler, options),
  mapConcurrent: (options, ...rest) => mapConcurrent([], rest.length > 0 ? rest[0] : handler, options),
  concurrentTransform: (options, ...rest) => concurrentTransform(rest.length > 0 ? rest[0] : handler, options)
}

const concurrency = "a whole number from 1 up, Infinity, or 'auto'"
const positiveMs = 'a number of ms above 0, up to 2147483647'
const onError = "'stop', 'collect', 'continue', 'settle' or a function"

/** Options with a wrong type: name, value, what the option takes, how the error shows the value. */
const wrongType = [
  ['concurrency', NaN, concurrency, 'NaN'],
  ['concurrency', '2', concurrency, '"2"'],
  ['concurrency', 'automatic', concurrency, '"automatic"'],
  ['concurrency', null, concurrency, 'null'],
  ['concurrency', undefined, concurrency, 'undefined'],
  ['concurrency', 1n, concurrency, '1n'],
  ['concurrency', [2], concurrency, '[ 2 ]'],
  ['ordered', 1, 'true or false', '1'],
  ['ordered', null, 'true or false', 'null'],
  ['highWaterMark', '1', 'a whole number from 0 up, or Infinity', '"1"'],
  ['maxBytes', '1k', 'a whole number from 1 up', '"1k"'],
  ['sizeOf', 5, 'a function', '5'],
  ['onError', null, onError, 'null'],
  ['errorOrder', true, "'immediate' or 'inOrder'", 'true'],
  ['waitForInFlight', 'yes', 'true or false', '"yes"'],
  ['signal', {}, 'an AbortSignal', 'an object'],
  ['signal', null, 'an AbortSignal', 'null'],
  ['signal', new AbortController(), 'an AbortSignal', 'an instance of AbortController'],
  ['timeout', NaN, positiveMs, 'NaN'],
  ['timeout', '1s', positiveMs, '"1s"'],
  ['onStall', true, 'a function', 'true'],
  ['destroySource', 0, 'true or false', '0'],
  ['flatten', 1, 'true or false', '1'],
  ['timeoutFreesSlot', 1, 'true or false', '1'],
  ['retry', 3, 'an object with attempts', '3'],
  ['retry', null, 'an object with attempts', 'null'],
  ['retry.attempts', undefined, 'a whole number from 2 up', 'undefined'],
  ['retry.shouldRetry', true, 'a function', 'true']
]

/** The same for values that have the right type but are not allowed. */
const outOfRange = [
  ['concurrency', 0, concurrency, '0'],
  ['concurrency', -1, concurrency, '-1'],
  ['concurrency', 1.5, concurrency, '1.5'],
  ['concurrency', -Infinity, concurrency, '-Infinity'],
  ['concurrency', 2 ** 53, concurrency, '9007199254740992'],
  ['highWaterMark', -1, 'a whole number from 0 up, or Infinity', '-1'],
  ['highWaterMark', 0.5, 'a whole number from 0 up, or Infinity', '0.5'],
  ['highWaterMark', -Infinity, 'a whole number from 0 up, or Infinity', '-Infinity'],
  ['maxBytes', 0, 'a whole number from 1 up', '0'],
  ['onError', 'ignore', onError, '"ignore"'],
  ['maxErrors', 0, 'a whole number from 1 up', '0'],
  ['errorOrder', 'first', "'immediate' or 'inOrder'", '"first"'],
  ['timeout', 0, positiveMs, '0'],
  ['timeout', 2 ** 31, positiveMs, '2147483648'],
  ['stallTimeout', -1, positiveMs, '-1'],
  ['retry.attempts', 1, 'a whole number from 2 up', '1'],
  ['retry.delay', -1, 'a number of ms from 0 to 2147483647', '-1'],
  ['retry.budget', 0, 'a number above 0, or Infinity', '0']
]

const unknown = [
  [{ limit: 4 }, 'unknown option "limit". Did you mean "concurrency"?'],
  [{ highwatermark: 4 }, 'unknown option "highwatermark". Did you mean "highWaterMark"?'],
  [{ toString: 4 }, 'unknown option "toString"; docs/streams.md lists the options'],
  [{ retry: { attempts: 2, times: 3 } }, 'unknown option "retry.times"; docs/streams.md lists the options'],
  [{ retry: { attempts: 2, shouldretry: () => true } }, 'unknown option "retry.shouldretry". Did you mean "retry.shouldRetry"?']
]

const conflicting = [
  [{ stallTimeout: 5 }, 'options "stallTimeout" and "onStall" must be given together'],
  [{ onStall: handler }, 'options "stallTimeout" and "onStall" must be given together'],
  [{ timeoutFreesSlot: true }, 'option "timeoutFreesSlot" needs the option "timeout"']
]

/** @returns {object} options that include the given one, which may be a member of `retry` */
function optionsWith (name, value) {
  const [option, member] = name.split('.')
  return { concurrency: 1, [option]: member === undefined ? value : { attempts: 2, [member]: value } }
}

describe('Options of spillway/stream', () => {
  for (const [helper, call] of Object.entries(helpers)) {
    it(`make ${helper}() throw a TypeError for a wrong type, which names the option and what it takes, and shows the value`, () => {
      for (const [name, value, takes, shown] of wrongType) {
        assert.throws(() => call(optionsWith(name, value)), {
          name: 'TypeError', code: 'SPILLWAY_INVALID_OPTION', message: `spillway/stream: option "${name}" takes ${takes}, got ${shown}`
        })
      }
    })

    it(`make ${helper}() throw a RangeError for a forbidden value, which names the option and what it takes, and shows the value`, () => {
      for (const [name, value, takes, shown] of outOfRange) {
        assert.throws(() => call(optionsWith(name, value)), {
          name: 'RangeError', code: 'SPILLWAY_INVALID_OPTION', message: `spillway/stream: option "${name}" takes ${takes}, got ${shown}`
        })
      }
    })

    it(`make ${helper}() throw a TypeError for an unknown option, which suggests a similar one`, () => {
      for (const [options, message] of unknown) {
        assert.throws(() => call({ concurrency: 1, ...options }), {
          name: 'TypeError', code: 'SPILLWAY_UNKNOWN_OPTION', message: `spillway/stream: ${message}`
        })
      }
    })

    it(`make ${helper}() throw a TypeError for options that need each other`, () => {
      for (const [options, message] of conflicting) {
        assert.throws(() => call({ concurrency: 1, ...options }), {
          name: 'TypeError', code: 'SPILLWAY_CONFLICTING_OPTIONS', message: `spillway/stream: ${message}`
        })
      }
    })

    it(`make ${helper}() throw when they are absent or not an object`, () => {
      for (const [options, shown] of [[null, 'null'], [4, '4'], ['4', '"4"'], [[4], '[ 4 ]']]) {
        assert.throws(() => call(options), {
          name: 'TypeError', code: 'SPILLWAY_INVALID_ARGUMENT', message: `spillway/stream: options must be an object, got ${shown}`
        })
      }
      for (const options of [undefined, {}]) {
        assert.throws(() => call(options), {
          name: 'TypeError', code: 'SPILLWAY_INVALID_OPTION', message: `spillway/stream: option "concurrency" takes ${concurrency}, got undefined`
        })
      }
    })

    it(`are not read when the handler of ${helper}() is not a function`, () => {
      for (const [given, shown] of [[undefined, 'undefined'], [null, 'null'], [{}, 'an object']]) {
        assert.throws(() => call(undefined, given), {
          name: 'TypeError', code: 'SPILLWAY_INVALID_ARGUMENT', message: `spillway/stream: ${helper}() takes a function as its handler, got ${shown}`
        })
      }
    })

    it(`may have every allowed value in ${helper}()`, async () => {
      const allowed = [
        { concurrency: Infinity }, { highWaterMark: 0 }, { highWaterMark: Infinity }, { timeout: 0.5 }, { timeout: 2 ** 31 - 1 }, { ordered: undefined },
        { signal: new AbortController().signal }, { onError: 'continue' }, { onError: handler }, { retry: { attempts: 2, budget: Infinity } }
      ]
      for (const options of allowed) {
        const job = call({ concurrency: 1, ...options })
        assert.equal(job.concurrency, options.concurrency ?? 1)
        assert.equal(job.stats().pulled, 0)
        if (helper === 'forEachConcurrent') await job
        else if (helper === 'mapConcurrent') await job.return()
        else job.destroy()
        await job.idle
      }
    })
  }

  it("make forEachConcurrent() throw for onError: 'settle', because it has no results", () => {
    assert.throws(() => helpers.forEachConcurrent({ concurrency: 1, onError: 'settle' }), {
      name: 'TypeError',
      code: 'SPILLWAY_CONFLICTING_OPTIONS',
      message: 'spillway/stream: option "onError" cannot be \'settle\' for forEachConcurrent(), which has no results'
    })
  })

  it('of concurrentQueue() are checked like those of the other helpers', () => {
    assert.throws(() => concurrentQueue(handler, { concurrency: 0 }), { name: 'RangeError', code: 'SPILLWAY_INVALID_OPTION' })
    assert.throws(() => concurrentQueue(handler, { concurrency: 1, limit: 1 }), { code: 'SPILLWAY_UNKNOWN_OPTION' })
    assert.throws(() => concurrentQueue(handler, { concurrency: 1, timeoutFreesSlot: true }), { code: 'SPILLWAY_CONFLICTING_OPTIONS' })
    assert.throws(() => concurrentQueue(undefined, { concurrency: 1 }), {
      code: 'SPILLWAY_INVALID_ARGUMENT', message: 'spillway/stream: concurrentQueue() takes a function as its handler, got undefined'
    })
  })

  it('are checked before the source is touched', async () => {
    const source = countingSource()
    assert.throws(() => forEachConcurrent(source, handler, { concurrency: 0 }))
    await waitForTurns()
    assert.equal(source.pulled, 0)
    assert.equal(source.returned, 0)
  })

  it('are neither changed nor read again after the call', async () => {
    const options = Object.freeze({ concurrency: 2 })
    const job = forEachConcurrent([1], handler, options)
    job.concurrency = 5
    await job
    assert.equal(options.concurrency, 2)
  })
})
