'use strict'

const assert = require('node:assert/strict')

const { concurrentTransform, forEachConcurrent, mapConcurrent } = require('spillway/stream')

const { countingSource, quiet } = require('../support/stream.js')

const handler = () => {}

const faces = {
  forEachConcurrent: (options, ...rest) => forEachConcurrent([], rest.length > 0 ? rest[0] : handler, options),
  mapConcurrent: (options, ...rest) => mapConcurrent([], rest.length > 0 ? rest[0] : handler, options),
  concurrentTransform: (options, ...rest) => concurrentTransform(rest.length > 0 ? rest[0] : handler, options)
}

const range = 'RangeError'
const type = 'TypeError'

const concurrency = "concurrency must be an integer >= 1, Infinity or 'auto', got "
const milliseconds = 'must be milliseconds, > 0 and <= 2147483647, got '

/** Options beside `concurrency: 1`, and the error each must throw. */
const bad = [
  [{ concurrency: 0 }, range, `${concurrency}0`],
  [{ concurrency: -1 }, range, `${concurrency}-1`],
  [{ concurrency: 1.5 }, range, `${concurrency}1.5`],
  [{ concurrency: NaN }, range, `${concurrency}NaN`],
  [{ concurrency: -Infinity }, range, `${concurrency}-Infinity`],
  [{ concurrency: 2 ** 53 }, range, `${concurrency}9007199254740992`],
  [{ concurrency: '2' }, type, `${concurrency}'2'`],
  [{ concurrency: 'automatic' }, type, `${concurrency}'automatic'`],
  [{ concurrency: null }, type, `${concurrency}null`],
  [{ concurrency: undefined }, type, `${concurrency}undefined`],
  [{ concurrency: 1n }, type, `${concurrency}1n`],
  [{ concurrency: [2] }, type, `${concurrency}[ 2 ]`],
  [{ ordered: 1 }, type, 'ordered must be true or false, got 1'],
  [{ ordered: null }, type, 'ordered must be true or false, got null'],
  [{ highWaterMark: -1 }, range, 'highWaterMark must be an integer >= 0 or Infinity, got -1'],
  [{ highWaterMark: 0.5 }, range, 'highWaterMark must be an integer >= 0 or Infinity, got 0.5'],
  [{ highWaterMark: -Infinity }, range, 'highWaterMark must be an integer >= 0 or Infinity, got -Infinity'],
  [{ highWaterMark: '1' }, type, "highWaterMark must be an integer >= 0 or Infinity, got '1'"],
  [{ maxBytes: 0 }, range, 'maxBytes must be an integer >= 1, got 0'],
  [{ maxBytes: '1k' }, type, "maxBytes must be an integer >= 1, got '1k'"],
  [{ sizeOf: 5 }, type, 'sizeOf must be a function, got 5'],
  [{ onError: 'ignore' }, type, "onError must be 'stop', 'collect', 'continue', 'settle' or a function, got 'ignore'"],
  [{ onError: null }, type, "onError must be 'stop', 'collect', 'continue', 'settle' or a function, got null"],
  [{ maxErrors: 0 }, range, 'maxErrors must be an integer >= 1, got 0'],
  [{ errorOrder: 'first' }, type, "errorOrder must be 'immediate' or 'inOrder', got 'first'"],
  [{ waitForInFlight: 'yes' }, type, "waitForInFlight must be true or false, got 'yes'"],
  [{ signal: {} }, type, 'signal must be an AbortSignal, got {}'],
  [{ signal: null }, type, 'signal must be an AbortSignal, got null'],
  [{ signal: new AbortController() }, type, /^signal must be an AbortSignal, got AbortController/],
  [{ timeout: 0 }, range, `timeout ${milliseconds}0`],
  [{ timeout: NaN }, range, `timeout ${milliseconds}NaN`],
  [{ timeout: 2 ** 31 }, range, `timeout ${milliseconds}2147483648`],
  [{ timeout: '1s' }, type, `timeout ${milliseconds}'1s'`],
  [{ stallTimeout: -1, onStall: handler }, range, `stallTimeout ${milliseconds}-1`],
  [{ stallTimeout: 5 }, type, 'stallTimeout and onStall must be given together'],
  [{ onStall: handler }, type, 'stallTimeout and onStall must be given together'],
  [{ stallTimeout: 5, onStall: true }, type, 'onStall must be a function, got true'],
  [{ destroySource: 0 }, type, 'destroySource must be true or false, got 0'],
  [{ flatten: 1 }, type, 'flatten must be true or false, got 1'],
  [{ retry: 3 }, type, 'retry must be an object with attempts, got 3'],
  [{ retry: {} }, type, 'retry.attempts must be an integer >= 2, got undefined'],
  [{ retry: { attempts: 1 } }, range, 'retry.attempts must be an integer >= 2, got 1'],
  [{ retry: { attempts: 2, delay: -1 } }, range, 'retry.delay must be milliseconds, >= 0 and <= 2147483647, got -1'],
  [{ retry: { attempts: 2, budget: 0 } }, range, 'retry.budget must be a number > 0, got 0'],
  [{ retry: { attempts: 2, shouldRetry: true } }, type, 'retry.shouldRetry must be a function, got true'],
  [{ retry: { attempts: 2, times: 3 } }, type, 'unknown option retry.times: known are attempts, delay, budget, shouldRetry'],
  [{ timeoutFreesSlot: 1 }, type, 'timeoutFreesSlot must be true or false, got 1'],
  [{ timeoutFreesSlot: true }, type, 'timeoutFreesSlot needs a timeout'],
  [{ limit: 4 }, type, /^unknown option limit: known are concurrency, ordered, highWaterMark, /],
  [{ toString: 4 }, type, /^unknown option toString: known are /]
]

describe('stream: options', () => {
  for (const [name, call] of Object.entries(faces)) {
    it(`${name} throws at the call, naming the option, what it takes and what was given`, () => {
      for (const [options, errorName, message] of bad) {
        assert.throws(() => call({ concurrency: 1, ...options }), { name: errorName, message })
      }
    })

    it(`${name} throws without options, or with something else`, () => {
      for (const [options, shown] of [[undefined, 'undefined'], [null, 'null'], [4, '4'], ['4', "'4'"]]) {
        assert.throws(() => call(options), { name: type, message: `options must be an object with a concurrency, got ${shown}` })
      }
      assert.throws(() => call({}), { name: type, message: `${concurrency}undefined` })
    })

    it(`${name} throws without a handler`, () => {
      for (const [given, shown] of [[undefined, 'undefined'], [null, 'null'], [{}, '{}']]) {
        assert.throws(() => call({ concurrency: 1 }, given), { name: type, message: `handler must be a function, got ${shown}` })
      }
    })

    it(`${name} takes what it should`, async () => {
      const good = [
        { concurrency: Infinity }, { highWaterMark: 0 }, { highWaterMark: Infinity }, { timeout: 0.5 }, { timeout: 2 ** 31 - 1 }, { ordered: undefined },
        { signal: new AbortController().signal }, { onError: 'continue' }, { onError: handler }
      ]
      for (const options of good) {
        const job = call({ concurrency: 1, ...options })
        assert.equal(job.concurrency, options.concurrency ?? 1)
        assert.equal(job.stats().pulled, 0)
        if (name === 'forEachConcurrent') await job
        else if (name === 'mapConcurrent') await job.return()
        else job.destroy()
        await job.idle
      }
    })
  }

  it('does not touch the source when an option is wrong', async () => {
    const source = countingSource()
    assert.throws(() => forEachConcurrent(source, handler, { concurrency: 0 }))
    await quiet()
    assert.equal(source.pulled, 0)
    assert.equal(source.returned, 0)
  })

  it('does not change the options, and does not follow their changes', async () => {
    const options = Object.freeze({ concurrency: 2 })
    const job = forEachConcurrent([1], handler, options)
    job.concurrency = 5
    await job
    assert.equal(options.concurrency, 2)
  })
})
