'use strict'

const fs = require('node:fs')
const { reporters, Runner } = require('mocha')

/**
 * Mocha's spec reporter, followed by one machine-readable line: `N passed, N failed`. Appends the two numbers to the file
 * that TEST_COUNTS names, so that several runs can be added up, and the failed tests to the file that TEST_FAILURES names.
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
      // Handles that a failed test has left open must not keep the process running.
      if (failures > 0) setTimeout(() => process.exit(1), 5000).unref()
      console.log(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}`)
    })
  }
}
