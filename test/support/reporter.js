'use strict'

const { reporters, Runner } = require('mocha')

/** Mocha's spec reporter, closed by one line that a machine can read: `N passed, N failed`. */
module.exports = class extends reporters.Spec {
  constructor (runner, options) {
    super(runner, options)
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats
      console.log(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}`)
    })
  }
}
