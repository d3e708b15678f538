'use strict'

const fs = require('node:fs')
const { reporters, Runner } = require('mocha')

/**
 * Mocha's spec reporter, closed by one line that a machine can read: `N passed, N failed`. Appends the two numbers to the
 * file that TEST_COUNTS names, for whoever adds up several runs.
 */
module.exports = class extends reporters.Spec {
  constructor (runner, options) {
    super(runner, options)
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats
      const { TEST_COUNTS } = process.env
      if (TEST_COUNTS) fs.appendFileSync(TEST_COUNTS, `${passes} ${failures}\n`)
      console.log(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}`)
    })
  }
}
