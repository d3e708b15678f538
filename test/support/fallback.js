'use strict'

/**
 * Runs the suite on the JavaScript fallback (`npm run test:fallback`), and lists the differences. Tests in the list are
 * skipped. The run fails if the list has an entry that matches no test, or if a test fails that is not in the list.
 * Tests that need waits from the kernel, such as all tests of the spill, skip themselves, as on systems without them.
 */

process.env.SPILLWAY_BACKEND = 'js'
if (process.env.MAY_LACK !== undefined) process.env.MAY_LACK += ',waits from the kernel,SO_REUSEPORT,the native addon'

const assert = require('node:assert/strict')

const NATIVE_CONTROLLER = 'only the native admission controller finds limits: the fallback just enforces maxDelay and maxInFlight'
const NO_PAUSES = 'the fallback measures only the loop, so it treats requests that waited because of a pause as late'

const NO_TURNS = 'the fallback does not see the running turn until a timer is overdue'
const NO_PROBE = "the wait for a thread of libuv's pool can be measured only by native work"

/** The reason why each test is skipped, by a part of its full title. */
const tests = {
  'package measures natively here': 'the fallback does not measure natively',
  'includes the turn that is running, before any timer fires': NO_TURNS,
  'everything from twice that, and a proportional share in between': NO_TURNS,
  'a process that was stopped for a while is not considered busy': NO_PAUSES,
  'returns false after shutdown()': NO_TURNS,
  'stops measuring until interval() is set': NO_TURNS,
  'counts each stream of HTTP/2, and frees the place of a reset one': NO_PAUSES,
  'admits a request that waited because the loop paused': NO_PAUSES,
  'does not include the time for which its connection was idle': NO_PAUSES,
  "is the event loop's delay over a Unix socket": NO_PAUSES,
  'learn the no-load response time, but not from a request whose client left': NATIVE_CONTROLLER,
  'finds how many requests can be served in time, one at a time, and refuses the rest': NATIVE_CONTROLLER,
  'the measured delay of the event loop': 'the fallback measures a timer of 10 ms, and gives each tick the same weight',
  'runs no timer unless a limit needs it': 'the fallback itself measures with a JavaScript timer',
  'reports every figure that this system provides': NO_PROBE,
  'the probe of the thread pool': NO_PROBE,
  'counts a turn as a whole if it was read while it ran': NO_TURNS,
  'classes learn nothing from a stream of server-sent events, whatever the request accepts': NATIVE_CONTROLLER
}

// The argument in `npm run test:fallback`.
const WHOLE = 'test/*/*.test.js'

exports.mochaHooks = {
  beforeAll () {
    // If only a part of the suite runs, the other tests do not exist.
    if (!process.argv.includes(WHOLE)) return
    const unseen = new Set(Object.keys(tests))
    this.test.parent.eachTest((test) => {
      unseen.delete(titleOf(test))
    })
    assert.deepEqual([...unseen], [], 'in the list, but matches no test')
  },
  beforeEach () {
    const { currentTest } = this
    if (titleOf(currentTest) !== undefined) this.skip()
  }
}

/** @param {Mocha.Test} test */
function titleOf (test) {
  return Object.keys(tests).find((part) => test.fullTitle().includes(part))
}
