'use strict'

const fc = require('fast-check')

/** Arbitrary plans for test/streams/model.test.js: what the items of a job do, and what happens to the job. */

/** How an item ends, how many results it has, and whether it calls `stop()` first. */
const behaviour = fc.record({
  end: fc.oneof({ weight: 5, arbitrary: fc.constant('value') }, fc.constantFrom('skip', 'fail', 'fail once', 'source rejects')),
  results: fc.nat(3),
  now: fc.boolean(),
  stops: fc.oneof({ weight: 12, arbitrary: fc.constant(false) }, fc.constant(true)),
  heedsSignal: fc.boolean(),
  verdict: fc.constantFrom('skip', 'stop', 'value')
})

/** What happens in a turn of the event loop: a handler settles, the consumer reads, or something less frequent. */
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ settle: fc.nat(9) }) },
  { weight: 4, arbitrary: fc.constant({ read: true }) },
  { weight: 1, arbitrary: fc.record({ concurrency: fc.integer({ min: 1, max: 5 }) }) }
)

const plan = fc.record({
  helper: fc.constantFrom('forEach', 'next', 'toArray', 'for await', 'Duplex', 'pipeline'),
  source: fc.constantFrom('array', 'Set', 'generator', 'async generator', 'Readable', 'web stream'),
  sourceFails: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, fc.constant(true)),
  items: fc.array(behaviour, { maxLength: 12 }),
  steps: fc.array(step, { maxLength: 25 }),
  leavesAfter: fc.option(fc.record({ turns: fc.nat(20), by: fc.constantFrom('abort', 'leave') }), { freq: 3 }),
  options: fc.record({
    concurrency: fc.integer({ min: 1, max: 4 }),
    highWaterMark: fc.constantFrom(undefined, 0, 1, 3, Infinity),
    maxBytes: fc.constantFrom(undefined, undefined, 1, 3),
    ordered: fc.boolean(),
    flatten: fc.boolean(),
    onError: fc.constantFrom('stop', 'collect', 'continue', 'settle', 'function', 'asynchronous function'),
    errorOrder: fc.constantFrom('immediate', 'inOrder'),
    waitForInFlight: fc.boolean(),
    destroySource: fc.boolean(),
    retry: fc.boolean()
  })
})

module.exports = { plan }
