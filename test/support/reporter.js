'use strict'

const fs = require('node:fs')
const { reporters, Runner } = require('mocha')

/**
 * Mocha's spec reporter, closed by one line that a machine can read: `N passed, N failed`. Appends the two numbers to the
 * file that TEST_COUNTS names, for whoever adds up several runs, and what failed to the one that TEST_FAILURES names.
 */
module.exports = class extends reporters.Spec {
  constructor (runner, options) {
    super(runner, options)
    const { TEST_COUNTS, TEST_FAILURES } = process.env
    runner.on(Runner.constants.EVENT_TEST_FAIL, (test, error) => {
      const { message, stack } = error ?? {}
      if (TEST_FAILURES) fs.appendFileSync(TEST_FAILURES, `Node ${process.version}: ${test.fullTitle()}\n${stack ?? message}\n\n`)
    })
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats
      if (TEST_COUNTS) fs.appendFileSync(TEST_COUNTS, `${passes} ${failures}\n`)
      // What a failed test has left running must not keep the process from its end.
      if (failures > 0) setTimeout(() => process.exit(1), 5000).unref()
      console.log(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}`)
    })
  }
}
