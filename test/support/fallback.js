'use strict'

/**
 * The suite on the JavaScript fallback (`npm run test:fallback`), and all that differs there. A test
 * that is listed is left out; one that is listed and no longer there fails the run, and so does one
 * that fails and is not listed. What asks for waits from the kernel, as all tests of the spill do,
 * skips itself as it does on other systems.
 */

process.env.SPILLWAY_BACKEND = 'js'
if (process.env.MAY_LACK !== undefined) process.env.MAY_LACK += ',waits from the kernel'

const assert = require('node:assert/strict')

const NATIVE_CONTROLLER = 'the admission controller is the native one: the fallback keeps maxDelay and maxInFlight, and finds no limits'
const NO_PAUSES = 'the loop is all it sees, so that what a pause made wait is late like anything else'

const NO_TURNS = 'the turn now running is not seen before a timer is overdue'
const NO_PROBE = "only work of libuv's own tells how long its pool lets wait"

/** By a part of the full title. */
const tests = {
  'package measures natively here': 'it does not',
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
  'finds how many requests can be served in time one by one, and refuses the rest': NATIVE_CONTROLLER,
  'the measured delay of the event loop': 'it is that of a timer that comes every 10 ms, of which each time counts the same',
  'runs no timer unless a limit needs it': 'the measuring itself is a JavaScript timer',
  'reports every figure that this system provides': NO_PROBE,
  'the probe of the thread pool': NO_PROBE,
  'counts a turn as a whole if it was read while it ran': NO_TURNS,
  'classes learn nothing from a stream of server-sent events, whatever the request accepts': NATIVE_CONTROLLER
}

// As `npm run test:fallback` names it.
const WHOLE = 'test/*/*.test.js'

exports.mochaHooks = {
  beforeAll () {
    // Where a part of the suite is run, the rest is not there.
    if (!process.argv.includes(WHOLE)) return
    const unseen = new Set(Object.keys(tests))
    this.test.parent.eachTest((test) => {
      unseen.delete(titleOf(test))
    })
    assert.deepEqual([...unseen], [], 'listed as different, and not there')
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
